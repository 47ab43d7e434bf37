// The stored responses of routes that versions of the configuration open and close.
import { expect, it } from "vitest";
import { ByteBudget } from "../../../../core/overload/byte-budget.ts";
import { IsolateStores } from "../../../../workers/gateway/cache/isolate-stores.ts";
import type { RouteStoreValue } from "../../../../workers/gateway/cache/route-store.ts";

const VALUE: RouteStoreValue = { kind: "hit_for_miss" };
const LATER = 1_000;
const stores = () =>
  new IsolateStores({
    ...{ limits: { maxEntries: 100, maxBytes: 1_000 }, shards: 16, store: "lru" },
    l2Wait: { percent: 50, minMs: 10, maxMs: 500 },
  });

it("keeps what a route has stored while others come and go, and evicts only what is above its share then", () => {
  const all = stores();
  const kept = all.open("kept");
  for (let n = 0; n < 9; n++) kept.store.set(`${n}`, VALUE, 100, LATER, 0);
  const [other] = [all.open("kept"), all.open("third")]; // the same route under other settings has a partition of its own
  expect([kept.store.bytes, other.store.get("0", 0)]).toEqual([900, undefined]); // nothing is evicted before the versions are settled
  all.close(other);
  all.makeRoom(0);
  expect(kept.store.bytes).toBe(500); // two partitions are left: half of the limit for each
  expect(kept.store.get("8", 0)).toBe(VALUE);
});

it("gives up memory to the calls of the version that was compiled last", () => {
  const all = stores();
  const memory = new ByteBudget({ maxBytes: 100_000, callerShare: 1 });
  all.useMemory(memory);
  const { store } = all.open("route");
  store.set("a", VALUE, 900, LATER, 0);
  memory.reserve(65_536, undefined, LATER, 0);
  memory.reserve(34_000, undefined, LATER, 0);
  expect(store.bytes).toBe(0);
});
