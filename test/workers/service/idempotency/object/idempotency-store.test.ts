// The store of keys over its messages: what it records, what it forgets, and its bounds.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { IdempotencyStore } from "../../../../../workers/idempotency.ts";
import { IDEMPOTENCY_STORE, idOf, keyRows } from "../../../../support/idempotency/bindings.ts";

const START = Date.UTC(2027, 0, 1);
const DAY_MS = 86_400_000;
let names = 0;
const fresh = (): DurableObjectStub<IdempotencyStore> => IDEMPOTENCY_STORE.getByName(`test-${names++}`);
const call = (token: string, fingerprint = "p") => ({ fingerprint, token, leaseMs: 1_000 });
const ID = idOf(1);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

it("replays the response of the first call, also after an eviction", async () => {
  const store = fresh();
  expect(await store.begin(ID, call("a"))).toEqual({ kind: "started" });
  await evictDurableObject(store);
  expect(await store.begin(ID, call("b"))).toEqual({ kind: "running" });
  expect(await store.finish(ID, "a", new Uint8Array([7]))).toBe(true);
  await evictDurableObject(store);
  expect(await store.begin(ID, call("b"))).toEqual({ kind: "replayed", recorded: { kind: "stored", response: new Uint8Array([7]) } });
  expect(await store.begin(ID, call("b", "q"))).toEqual({ kind: "key_reused" });
});

it("lets a repeat run where the call has released its key, and not where another holds it", async () => {
  const store = fresh();
  await store.begin(ID, call("a"));
  await store.release(ID, "b");
  expect((await store.begin(ID, call("c"))).kind).toBe("running");
  await store.release(ID, "a");
  expect((await store.begin(ID, call("c"))).kind).toBe("started");
  expect(await store.finish(ID, "a", new Uint8Array())).toBe(false);
});

it("takes a call for lost when its lease is over", async () => {
  const store = fresh();
  await store.begin(ID, call("a"));
  vi.setSystemTime(START + 1_000);
  expect(await store.begin(ID, call("b"))).toEqual({ kind: "started" });
  expect(await store.finish(ID, "a", new Uint8Array([1]))).toBe(false);
  expect(await store.finish(ID, "b", new Uint8Array([2]))).toBe(true);
  expect(await keyRows(store)).toBe(1);
});

it("records 64 KiB of response, and of a larger one its size", async () => {
  const store = fresh();
  for (const [n, bytes] of [65_536, 65_537].entries()) {
    await store.begin(idOf(n), call("a"));
    await store.finish(idOf(n), "a", new Uint8Array(bytes));
  }
  expect(await store.begin(idOf(0), call("b"))).toMatchObject({ recorded: { kind: "stored" } });
  expect(await store.begin(idOf(1), call("b"))).toEqual({ kind: "replayed", recorded: { kind: "omitted", bytes: 65_537 } });
});

it("deletes keys with an alarm 24 hours after their calls have ended", async () => {
  const store = fresh();
  await store.begin(idOf(1), call("a"));
  await store.finish(idOf(1), "a", new Uint8Array());
  vi.setSystemTime(START + 3_600_000);
  await store.begin(idOf(2), call("a")); // its Worker stops
  vi.setSystemTime(START + DAY_MS);
  expect(await runDurableObjectAlarm(store)).toBe(true);
  expect(await keyRows(store)).toBe(1);
  vi.setSystemTime(START + 2 * DAY_MS);
  expect(await runDurableObjectAlarm(store)).toBe(true);
  expect([await keyRows(store), await runDurableObjectAlarm(store)]).toEqual([0, false]);
});

it("is full of calls that run, and not of those that have ended", async () => {
  const store = fresh();
  await runInDurableObject(store, ({ table }: IdempotencyStore) => void Object.assign(table, { maxKeys: 2 }));
  for (const n of [1, 2]) await store.begin(idOf(n), call("a"));
  expect(await store.begin(idOf(3), call("a"))).toEqual({ kind: "full" });
  await store.finish(idOf(1), "a", new Uint8Array());
  expect(await store.begin(idOf(3), call("a"))).toEqual({ kind: "started" });
  expect(await keyRows(store)).toBe(2);
});
