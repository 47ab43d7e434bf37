// The options of a service pool: defaults of the gateway, and problems that name what to write.
import { expect, it } from "vitest";
import { BREAKER } from "../../../../core/config/breaker.ts";
import { parseThrottle } from "../../../../core/config/overload.ts";
import { checks } from "../../../../core/config/problems.ts";
import { parseHedging, RETRIES, RETRY_BUDGET } from "../../../../core/config/retry.ts";
import { parseUpstream } from "../../../../core/config/upstream.ts";
import { POOL_DEFAULTS, type ServicePoolOptions } from "../../../../workers/client/pool/pool-options.ts";
import { checkPool } from "../../../../workers/client/pool/pool-settings.ts";

const ONE = { name: "users", endpoints: ["https://users.example.com/"] };
const fetching = { fetch: async () => new Response() };

it("has the defaults of the gateway", () => {
  const { maxConcurrent, maxQueued, queueMs } = parseUpstream(checks(), "upstream", { binding: "A" });
  expect(POOL_DEFAULTS).toEqual({
    retries: RETRIES,
    retryBudget: RETRY_BUDGET,
    hedging: parseHedging(checks(), "hedging", {}, undefined),
    breaker: BREAKER,
    throttle: parseThrottle(checks(), "throttle", undefined),
    queue: { maxConcurrent, maxQueued, queueMs },
  });
  const { endpoints, ...settings } = checkPool(ONE);
  const { queue, hedging: _, ...others } = POOL_DEFAULTS;
  expect(settings).toEqual({ ...others, ...queue, hedging: undefined });
  expect(endpoints).toEqual([{ id: "https://users.example.com", target: "https://users.example.com", weight: 1, priority: 0 }]);
});

it("takes what is written, and switches off what is false", () => {
  const written = checkPool({
    name: "users",
    endpoints: [fetching, { target: fetching, weight: 3, priority: 1, id: "other" }],
    ...{ retries: { max: 2, codes: ["internal"] }, hedging: { minMs: 50 }, breaker: { openMs: 1_000 }, maxQueued: 0 },
  });
  expect(written.endpoints.map(({ id, weight, priority }) => [id, weight, priority])).toEqual([
    ["endpoint-1", 1, 0],
    ["other", 3, 1],
  ]);
  expect([written.retries.max, [...written.retries.codes], written.hedging?.minMs, written.breaker.openMs, written.maxQueued]).toEqual([
    2,
    ["internal"],
    50,
    1_000,
    0,
  ]);
  const off = checkPool({ ...ONE, retries: false, breaker: false, throttle: false });
  expect([off.retries.max, off.breaker.mode, off.throttle.mode, off.throttle.honor]).toEqual([0, "off", "off", "off"]);
});

it.each<[Partial<ServicePoolOptions>, string]>([
  [{ endpoints: [] }, 'the pool "users" has 0 endpoints; list 1 to 1000'],
  [
    { endpoints: ["users.example.com"] },
    'the pool "users" has an endpoint "users.example.com"; write http(s)://host, with a port and a path where needed',
  ],
  [{ endpoints: ["https://a.example", "https://a.example/"] }, 'the pool "users" lists an endpoint twice; give it more weight instead'],
  [{ retries: { max: 11 } }, 'option retries.max of the pool "users" is 11; write 0 to 10'],
  [{ hedging: { quantile: 1 } }, 'option hedging.quantile of the pool "users" is 1; write 0.5 to 0.999'],
  [{ breaker: { openMs: Number.NaN } }, 'option breaker.openMs of the pool "users" is NaN; write 100 to 60000'],
  [{ queueMs: 0 }, 'option queueMs of the pool "users" is 0; write 1 to 60000'],
  [
    { endpoints: [{ target: "https://a.example", weight: 0 }] },
    'option weight of the endpoint "https://a.example" of the pool "users" is 0; write 1 to 1000',
  ],
  [
    { retries: { codes: ["not_found"] } },
    'option retries.codes of the pool "users" has "not_found"; write unavailable, deadline_exceeded, internal, unknown, data_loss, aborted, resource_exhausted',
  ],
])("refuses %j", (options, problem) => {
  expect(() => checkPool({ ...ONE, ...options })).toThrow(new Error(problem));
});
