// Brings the tables of an object up to date: runs the steps that it has not run yet, all or none.

/** @param steps SQL, in order; only ever added to, as each runs once in the life of an object */
export function migrate(storage: DurableObjectStorage, steps: readonly string[]): void {
  const done = storage.kv.get<number>("migrations") ?? 0;
  if (done === steps.length) return;
  storage.transactionSync(() => {
    for (const step of steps.slice(done)) storage.sql.exec(step);
    storage.kv.put("migrations", steps.length);
  });
}
