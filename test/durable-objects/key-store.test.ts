// The Durable Object of the keys: what relays read, what operators change, also after an eviction, and its bounds.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { KeyRecord } from "../../core/keys/key-record.ts";
import { USE_STEP_MS } from "../../core/keys/key-uses.ts";
import { KeyStore } from "../../durable-objects/key-store.ts";

const START = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
let names = 0;
const fresh = (): DurableObjectStub<KeyStore> => env.KEY_STORE.getByName(`test-${names++}`);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START }));
afterEach(() => void vi.useRealTimers());

function record(id: string, fields: Partial<KeyRecord> = {}): KeyRecord {
  return {
    ...{ id, revision: 1, digest: `digest of ${id}`, lastFour: "wxyz", isImported: false, createdAt: START, createdBy: "ada" },
    ...{ owner: "acme", name: "", plan: "pro", scopes: ["a"], tags: [], addresses: [] },
    ...fields,
  };
}

it("has what isolates need of a key, and nothing for one that is not there", async () => {
  const store = fresh();
  await store.add([record("a", { expiresAt: 7 })]);
  const { id, revision, digest, owner, plan, scopes, addresses } = record("a");
  expect(await store.read(["a", "b"])).toEqual({ a: { id, revision, digest, owner, plan, scopes, addresses, expiresAt: 7 }, b: null });
  await evictDurableObject(store);
  expect(await store.get("a")).toEqual({ record: record("a", { expiresAt: 7 }) });
});

it("adds each key once", async () => {
  const store = fresh();
  await store.add([record("a")]);
  const outcomes = await store.add([record("a", { plan: "other" }), record("b")]);
  expect(outcomes).toMatchObject([
    { kind: "refused", problem: "exists" },
    { kind: "ok", record: { id: "b" } },
  ]);
  expect((await store.get("a"))?.record.plan).toBe("pro");
});

it("updates, rolls and revokes on the revision that is expected", async () => {
  const store = fresh();
  await store.add([record("a")]);
  expect(await store.update("a", 1, { ...record("a"), plan: "free", scopes: [] })).toMatchObject({ record: { revision: 2, plan: "free" } });
  expect(await store.update("a", 1, record("a"))).toEqual({ kind: "refused", problem: "moved" });
  expect(await store.roll("a", 2, { digest: "new", lastFour: "0000" }, 1_000)).toMatchObject({
    record: { revision: 3, digest: "new", previous: { digest: "digest of a", until: START + 1_000 } },
  });
  expect(await store.revoke("a")).toMatchObject({ record: { revision: 4, revokedAt: START } });
  expect(await store.revoke("a")).toMatchObject({ kind: "ok", record: { revision: 4 } });
  expect(await store.roll("a", 0, { digest: "x", lastFour: "" }, 0)).toEqual({ kind: "refused", problem: "revoked" });
  expect(await store.revoke("b")).toEqual({ kind: "refused", problem: "not_found" });
  await evictDurableObject(store);
  expect(await store.read(["a"])).toMatchObject({ a: { revision: 4, digest: "new", plan: "free", revokedAt: START } });
});

it("lists keys in pages, of one owner or of all", async () => {
  const store = fresh();
  await store.add(["d", "a", "c", "b"].map((id) => record(id, { owner: id < "c" ? "acme" : "other" })));
  const ids = async (after: string, limit: number, owner?: string) => {
    const page = await store.list(owner === undefined ? { after, limit } : { after, limit, owner });
    return page.map((one) => one.record.id).join("");
  };
  expect([await ids("", 3), await ids("c", 3), await ids("d", 3)]).toEqual(["abc", "d", ""]);
  expect([await ids("", 9, "other"), await ids("c", 9, "other"), await ids("", 9, "nobody")]).toEqual(["cd", "d", ""]);
});

it("makes room by removing what ended long ago, and refuses keys above its bound", async () => {
  const store = fresh();
  await runInDurableObject(store, (_, state) => {
    const bounded = new KeyStore(state, env, 3);
    bounded.add([record("a"), record("b", { expiresAt: START + 1 }), record("c")]);
    bounded.revoke("c");
    vi.setSystemTime(START + 90 * DAY_MS);
    expect(bounded.add([record("d")])).toEqual([{ kind: "refused", problem: "full" }]);
    vi.setSystemTime(START + 90 * DAY_MS + 1);
    expect(bounded.add([record("d"), record("e")])).toMatchObject([{ kind: "ok" }, { kind: "refused", problem: "full" }]); // c is gone
    vi.setSystemTime(START + 90 * DAY_MS + 2);
    expect(bounded.add([record("e")])).toMatchObject([{ kind: "ok" }]); // and b
    expect(bounded.list({ after: "", limit: 9 }).map((one) => one.record.id)).toEqual(["a", "d", "e"]);
  });
});

it("stamps uses that are much later than the stored ones, and none ahead of the clock", async () => {
  const store = fresh();
  await store.add([record("a"), record("b")]);
  const usedAt = async (id: string) => (await store.get(id))?.lastUsedAt;
  await store.stamp({ a: START - USE_STEP_MS, b: START + 60_000, missing: START });
  expect([await usedAt("a"), await usedAt("b"), await usedAt("missing")]).toEqual([START - USE_STEP_MS, START, undefined]);
  await store.stamp({ a: START - USE_STEP_MS / 2 - 1 });
  expect(await usedAt("a")).toBe(START - USE_STEP_MS);
  await store.stamp({ a: START - USE_STEP_MS / 2 });
  expect(await usedAt("a")).toBe(START - USE_STEP_MS / 2);
  await store.update("a", 0, record("a"));
  expect(await usedAt("a")).toBe(START - USE_STEP_MS / 2);
});

it("has the same sequence of changes after an eviction, and higher numbers", async () => {
  const log = fresh();
  expect(await log.since(0)).toEqual({ kind: "same", seq: 0 });
  expect(await log.append(["a", "b"])).toBe(START + 1);
  expect(await log.append(["a"])).toBe(START + 2);
  const before = await log.since(0);
  expect(before).toEqual({
    kind: "changed",
    seq: START + 2,
    changes: [
      { id: "b", seq: START + 1 },
      { id: "a", seq: START + 2 },
    ],
  });
  await evictDurableObject(log);
  expect(await log.since(0)).toEqual(before);
  vi.setSystemTime(START - 60_000); // the clock steps back
  expect(await log.append(["c"])).toBe(START + 3);
});
