// A lookup allocates nothing: measured on the heap after a hundred thousand of them.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { STORES } from "../../core/cache/store/stores.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const HITS = 100_000;
const NOW = 1_763_000_000_000;

function bytesLeftBy(run: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  run();
  return (process.memoryUsage().heapUsed - before) / HITS;
}

it.each(["lru", "s3-fifo"] as const)("%s: allocates less than a byte per lookup", (name) => {
  const store = STORES[name]<object>({ maxEntries: 1_000, maxBytes: 1_000_000 });
  const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
  for (const key of keys) store.set(key, { key }, 100, NOW + 300_000, NOW);
  let found = 0;
  const hits = () => {
    for (let n = 0; n < HITS; n++) if (store.get(keys[n % 1_000]!, NOW) !== undefined) found += 1;
  };
  for (let round = 0; round < 5; round++) hits(); // until the code is compiled
  const least = Math.min(...Array.from({ length: 5 }, () => bytesLeftBy(hits)));
  expect(found).toBe(10 * HITS);
  expect(least).toBeLessThan(1);
  const made: object[] = [];
  expect(
    bytesLeftBy(() => {
      for (let n = 0; n < HITS; n++) made.push({ n });
    }),
  ).toBeGreaterThan(8); // control: objects are noticed
  expect(made.length).toBe(HITS);
});
