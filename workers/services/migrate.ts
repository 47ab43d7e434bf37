// Brings the tables of a Durable Object up to date: runs the steps that it has not run yet, all or none.

/** @param steps SQL, in order. Each runs once in the life of a Durable Object: steps are added at the end and never changed */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const done = storage.kv.get<number>("migrations") ?? 0;
  if (done === steps.length) return;
  storage.transactionSync(() => {
    for (const step of steps.slice(done)) storage.sql.exec(step);
    storage.kv.put("migrations", steps.length);
  });
}
