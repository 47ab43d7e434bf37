// `once` in the storage of a Durable Object that fails, is evicted, or is aborted between the effect and its record.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type IdempotencyKey, type OnceResult, once, onceResponse } from "../../../../workers/idempotency.ts";
import { deleteExpiredKeys, recorded } from "../../../../workers/service/idempotency/once.ts";
import { idOf, keyRows, LEDGER } from "../../../support/idempotency/bindings.ts";
import type { Ledger } from "../../../support/idempotency/worker.ts";

const DAY_MS = 86_400_000;
const KEY: IdempotencyKey = { id: idOf(1), fingerprint: "p" };
let names = 0;
const fresh = (): DurableObjectStub<Ledger> => LEDGER.getByName(`ledger-${names++}`);
const add = (stub: DurableObjectStub<Ledger>, key: IdempotencyKey | undefined, text: string, bytes = 0): Promise<OnceResult> =>
  stub.add(key, text, bytes) as Promise<OnceResult>;
const done = (n: number, isReplayed: boolean): OnceResult => ({ kind: "done", response: new Uint8Array([n]), isReplayed });

afterEach(() => void vi.useRealTimers());

describe("once", () => {
  it("runs one effect for each key, and each time without a key", async () => {
    const stub = fresh();
    expect(await add(stub, KEY, "a")).toEqual(done(1, false));
    await evictDurableObject(stub);
    expect(await add(stub, KEY, "b")).toEqual(done(1, true));
    expect(await add(stub, { ...KEY, id: idOf(2) }, "c")).toEqual(done(2, false));
    expect([await add(stub, undefined, "d"), await add(stub, undefined, "e")]).toEqual([done(3, false), done(4, false)]);
    expect(await stub.effects()).toEqual(["a", "c", "d", "e"]);
  });

  it("runs one effect for simultaneous calls", async () => {
    const stub = fresh();
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => add(stub, KEY, `${n}`)));
    expect(results.map((result) => result.kind === "done" && result.response[0])).toEqual(Array(20).fill(1));
    expect(results.filter((result) => result.kind === "done" && !result.isReplayed)).toHaveLength(1);
    expect(await stub.effects()).toHaveLength(1);
  });

  it("refuses the key with another payload", async () => {
    const stub = fresh();
    await add(stub, KEY, "a");
    expect(await add(stub, { ...KEY, fingerprint: "q" }, "b")).toEqual({ kind: "key_reused" });
    expect(await stub.effects()).toEqual(["a"]);
  });

  it("records 64 KiB of response, and of a larger one its size", async () => {
    const stub = fresh();
    await add(stub, KEY, "a", 65_535);
    expect(await add(stub, KEY, "a")).toMatchObject({ kind: "done", isReplayed: true });
    const larger = { ...KEY, id: idOf(2) };
    expect(await add(stub, larger, "b", 65_536)).toMatchObject({ kind: "done", isReplayed: false });
    expect(await add(stub, larger, "b")).toEqual({ kind: "response_omitted", bytes: 65_537 });
    expect(await stub.effects()).toEqual(["a", "b"]);
  });

  it("forgets a key after 24 hours, and not 1 ms sooner", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: DAY_MS });
    const stub = fresh();
    await add(stub, KEY, "a");
    vi.setSystemTime(2 * DAY_MS - 1);
    expect(await add(stub, KEY, "b")).toEqual(done(1, true));
    vi.setSystemTime(2 * DAY_MS);
    expect(await stub.before(KEY)).toBeUndefined();
    expect(await add(stub, KEY, "c")).toEqual(done(2, false));
  });
});

describe("the transaction", () => {
  it("undoes the effect and records nothing where the effect throws", async () => {
    const stub = fresh();
    const error = await runInDurableObject(stub, (_, { storage }): string => {
      try {
        once(storage, KEY, () => {
          storage.sql.exec("INSERT INTO effects (text) VALUES ('a')");
          throw new Error("no");
        });
      } catch (reason) {
        return (reason as Error).message;
      }
      return "";
    });
    expect([error, await stub.effects(), await stub.before(KEY)]).toEqual(["no", [], undefined]);
    expect(await add(stub, KEY, "b")).toEqual(done(1, false));
  });

  it("refuses an async effect, and undoes what it wrote before its first await", async () => {
    const stub = fresh();
    const message = await runInDurableObject(stub, (_, { storage }): string => {
      const run = async (): Promise<Uint8Array> => {
        storage.sql.exec("INSERT INTO effects (text) VALUES ('a')");
        return new Uint8Array();
      };
      try {
        once(storage, KEY, run as unknown as () => Uint8Array<ArrayBuffer>);
      } catch (reason) {
        return (reason as Error).message;
      }
      return "";
    });
    expect(message).toContain("run of once() is async");
    expect([await stub.effects(), await stub.before(KEY)]).toEqual([[], undefined]);
  });

  it.each(["between the effect and its record", "after both, before they are on disk"])(
    "has stored both or neither where the object is aborted %s",
    async (when) => {
      const stub = fresh();
      await stub.effects(); // the table is on disk
      const aborted = runInDurableObject(stub, (_, state) => {
        once(state.storage, KEY, () => {
          state.storage.sql.exec("INSERT INTO effects (text) VALUES ('a')");
          if (when.startsWith("between")) state.abort("by the test");
          return new Uint8Array([7]);
        });
        state.abort("by the test");
      });
      await aborted.catch(() => undefined);
      const again = LEDGER.get(stub.id); // the stub of an aborted object is broken
      const effects = await again.effects();
      const before = (await again.before(KEY)) as OnceResult | undefined;
      expect(effects.length).toBe(before === undefined ? 0 : 1);
      await add(again, KEY, "a");
      expect(await again.effects(), "a repeat makes it one effect").toEqual(["a"]);
    },
  );

  it("stores both where the object is aborted after its response", async () => {
    const stub = fresh();
    await add(stub, KEY, "a");
    await runInDurableObject(stub, (_, state) => state.abort("by the test")).catch(() => undefined);
    const again = LEDGER.get(stub.id);
    expect(await again.before(KEY)).toEqual(done(1, true));
    expect(await again.effects()).toEqual(["a"]);
  });
});

it("deletes expired keys when it is called, and two of them with each new key", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: DAY_MS });
  const stub = fresh();
  for (let n = 1; n <= 6; n++) await add(stub, { ...KEY, id: idOf(n) }, "a");
  vi.setSystemTime(2 * DAY_MS - 1);
  await add(stub, { ...KEY, id: idOf(7) }, "a");
  vi.setSystemTime(2 * DAY_MS);
  expect(await keyRows(stub)).toBe(7);
  await add(stub, { ...KEY, id: idOf(8) }, "a");
  expect(await keyRows(stub)).toBe(6);
  const next = await runInDurableObject(stub, (_, { storage }) => deleteExpiredKeys(storage, Date.now()));
  expect([await keyRows(stub), next]).toEqual([2, 3 * DAY_MS - 1]);
  vi.setSystemTime(4 * DAY_MS);
  expect(await runInDurableObject(stub, (_, { storage }) => deleteExpiredKeys(storage, Date.now()))).toBeUndefined();
  expect(await keyRows(stub)).toBe(0);
});

it("finds nothing for a call without a key", async () => {
  expect(await runInDurableObject(fresh(), (_, { storage }) => recorded(storage, undefined))).toBeUndefined();
});

it("has a response or an error for each result", () => {
  const headers = new Headers();
  const response = new Uint8Array([1]);
  const of = (result: OnceResult): Uint8Array => onceResponse(result, { responseHeader: headers });
  expect([of({ kind: "done", response, isReplayed: false }), headers.get("idempotency-replayed")]).toEqual([response, null]);
  expect([of({ kind: "done", response, isReplayed: true }), headers.get("idempotency-replayed")]).toEqual([response, "true"]);
  expect(() => of({ kind: "key_reused" })).toThrow(expect.objectContaining({ code: Code.FailedPrecondition }));
  expect(() => of({ kind: "response_omitted", bytes: 1 })).toThrow(expect.objectContaining({ code: Code.AlreadyExists }));
});
