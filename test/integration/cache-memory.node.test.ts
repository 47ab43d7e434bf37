// The memory that the store of an isolate really occupies: at most its limit in bytes plus 5 %, with bodies of 100 bytes to 1 MB.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { STORES } from "../../core/cache/store/stores.ts";
import { type StoredResponse, storedBytes } from "../../core/cache/stored-response.ts";
import { seeded } from "../support/cache-traces.ts";

const MAX_BYTES = 16 * 1_048_576;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function occupied(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function responseOf(bytes: number): StoredResponse {
  const times = { storedAt: 0, generatedAt: 0, freshUntil: 1, staleUntil: 1, staleIfErrorUntil: 1, revalidatableUntil: 1 };
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: new Uint8Array(bytes),
    ...times,
    fetchMs: 10,
    unchangedCount: 0,
    tags: ["user:42"],
    route: "r",
    purgeSeq: 0,
  };
}

it.each(Object.entries(STORES))(
  "%s stays within its bytes and 5 %% while 20 000 mixed bodies pass",
  (_name, create) => {
    const random = seeded(3);
    const before = occupied();
    const store = create<StoredResponse>({ maxEntries: 10_000, maxBytes: MAX_BYTES });
    let [most, counted] = [0, 0];
    for (let n = 0; n < 20_000; n++) {
      const bytes = Math.floor(100 * 10_000 ** random()); // 100 B to 1 MB, each size as likely as its tenth
      const key = `v1|users.v1.UserService/GetUser|shared|usr_${n}`;
      const response = responseOf(bytes);
      store.set(key, response, storedBytes(key, response), Number.POSITIVE_INFINITY, 0);
      counted = Math.max(counted, store.bytes);
      if (n % 500 === 499) most = Math.max(most, occupied() - before);
    }
    expect(counted).toBeLessThanOrEqual(MAX_BYTES);
    expect(counted).toBeGreaterThan(0.9 * MAX_BYTES); // the store was full
    expect(most).toBeLessThanOrEqual(1.05 * MAX_BYTES);
    expect(store.size).toBeGreaterThan(0);
  },
  60_000,
);

it("counts what small entries cost beside their bodies", () => {
  const before = occupied();
  const store = STORES.lru<StoredResponse>({ maxEntries: 10_000, maxBytes: MAX_BYTES });
  for (let n = 0; n < 10_000; n++) {
    const key = `v1|users.v1.UserService/GetUser|shared|usr_${n}`;
    const response = responseOf(100);
    store.set(key, response, storedBytes(key, response), Number.POSITIVE_INFINITY, 0);
  }
  const real = occupied() - before;
  expect(store.size).toBe(10_000);
  expect(real).toBeLessThanOrEqual(1.05 * store.bytes);
});
