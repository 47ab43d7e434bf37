import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { CallRecord } from "../../../../core/idempotency/call-record.ts";
import { CallTable } from "../../../../workers/service/idempotency/call-table.ts";
import { idOf, LEDGER } from "../../../support/idempotency/bindings.ts";

const done = (expiresAt: number, byte = 1): CallRecord<Uint8Array> => {
  return { kind: "done", fingerprint: "p", expiresAt, recorded: { kind: "stored", response: new Uint8Array([byte]) } };
};
const running = (leaseUntil: number): CallRecord<Uint8Array> => {
  return { kind: "running", fingerprint: "p", expiresAt: 1_000, token: "t", leaseUntil };
};
let names = 0;
const inTable = <T>(run: (table: CallTable) => T): Promise<T> =>
  runInDurableObject(LEDGER.getByName(`table-${names++}`), (_, { storage }) => run(new CallTable(storage.sql)));

it("reads what it has written, of each kind", async () => {
  const records: CallRecord<Uint8Array>[] = [
    done(1_000),
    running(500),
    { kind: "done", fingerprint: "q", expiresAt: 9, recorded: { kind: "omitted", bytes: 70_000 } },
    { kind: "done", fingerprint: "q", expiresAt: 9, recorded: { kind: "stored", response: new Uint8Array([1, 2, 3]).subarray(1, 2) } },
  ];
  const read = await inTable((table) =>
    records.map((record, n) => {
      table.add(idOf(n), record, 0);
      return table.read(idOf(n));
    }),
  );
  expect(read).toEqual([...records.slice(0, 3), { ...records[3], recorded: { kind: "stored", response: new Uint8Array([2]) } }]);
});

it("replaces and deletes one record", async () => {
  const read = await inTable((table) => {
    for (const n of [1, 2]) table.add(idOf(n), running(500), 0);
    table.replace(idOf(1), done(2_000, 9));
    table.delete(idOf(2));
    return [table.read(idOf(1)), table.read(idOf(2))];
  });
  expect(read).toEqual([done(2_000, 9), undefined]);
});

it("deletes the oldest rows above its number", async () => {
  const found = await inTable((table) => {
    table.maxKeys = 3;
    for (let n = 1; n <= 5; n++) expect(table.add(idOf(n), done(1_000), 0)).toBe(true);
    return [1, 2, 3, 4, 5].filter((n) => table.read(idOf(n)) !== undefined);
  });
  expect(found).toEqual([3, 4, 5]);
});

it("deletes no row of a call that runs: it is full, until a lease is over", async () => {
  const added = await inTable((table) => {
    table.maxKeys = 2;
    for (const n of [1, 2]) table.add(idOf(n), running(500), 0);
    return [table.add(idOf(3), running(900), 499), table.add(idOf(3), running(900), 500), table.read(idOf(1))];
  });
  expect(added).toEqual([false, true, undefined]);
});

it("begins a key again as the newest row", async () => {
  const found = await inTable((table) => {
    table.maxKeys = 2;
    for (const n of [1, 2, 1, 3]) table.add(idOf(n), done(1_000), 0);
    return [1, 2, 3].filter((n) => table.read(idOf(n)) !== undefined);
  });
  expect(found).toEqual([1, 3]);
});

it("writes the rows that docs/idempotency.md counts", async () => {
  const counts = await runInDurableObject(LEDGER.getByName(`table-${names++}`), (_, { storage: { sql } }) => {
    let written = 0;
    const counting = {
      exec: (text: string, ...bindings: SqlStorageValue[]) => {
        const cursor = sql.exec(text, ...bindings);
        const rows = cursor.toArray();
        written += cursor.rowsWritten;
        return { toArray: () => rows };
      },
    };
    const table = new CallTable(counting as unknown as SqlStorage);
    const since = (run: () => void): number => {
      const before = written;
      run();
      return written - before;
    };
    return {
      once: since(() => table.add(idOf(1), done(1_000), 0)),
      begin: since(() => table.add(idOf(2), running(500), 0)),
      finish: since(() => table.replace(idOf(2), done(1_000))),
      replay: since(() => table.read(idOf(2))),
      expiryOfTwo: since(() => table.deleteExpired(2_000)),
    };
  });
  expect(counts).toEqual({ once: 2, begin: 2, finish: 1, replay: 0, expiryOfTwo: 2 });
});
