// A shared level that fails, hangs or returns invalid blocks: each costs a miss, and no response.
import { afterEach, expect, it, vi } from "vitest";
import type { CacheNamespace } from "../../workers/gateway/cache/l2/kv.ts";
import { cachedRoute, cacheStatus, freshResponse } from "../support/cached-route.ts";

afterEach(() => void vi.restoreAllMocks());

const METADATA = { v: 2, k: Number.MAX_VALUE, n: 2, b: 0 };
const FAULTS: readonly (readonly [string, CacheNamespace["getWithMetadata"]])[] = [
  ["throws", () => Promise.reject(new Error("429"))],
  ["never responds", () => new Promise<never>(() => undefined)],
  [
    "returns a block that is no response",
    () => Promise.resolve({ value: new TextEncoder().encode("{}").buffer as ArrayBuffer, metadata: METADATA }),
  ],
  ["returns a block of another version", () => Promise.resolve({ value: new ArrayBuffer(9), metadata: { v: 999 } })],
];

it.each(FAULTS)("costs a miss, and no more, where the shared level %s", async (_, getWithMetadata) => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const input = {
    services: {},
    discovery: false,
    cache: { l2WaitMs: 20 },
    httpRoutes: { "/": { upstream: { binding: "ORIGIN" }, cache: { l2: "kv", ttlMs: 600_000 } } },
  } as const;
  const namespace = { getWithMetadata, put: () => Promise.reject(new Error("429")) };
  const { send } = cachedRoute(() => freshResponse(), {}, input, { CACHE: namespace });
  for (let call = 0; call < 8; call++) {
    const response = await send(`/fail-${call}`);
    expect([response.status, cacheStatus(response)?.includes("fwd=uri-miss")]).toEqual([200, true]);
  }
  expect(cacheStatus(await send("/fail-0"))).toContain("hit");
});
