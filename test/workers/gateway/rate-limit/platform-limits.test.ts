// The platform's rate-limit binding beside the buckets of the isolate: the real binding of miniflare, and bindings with faults.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { RateLimitRule } from "../../../../core/config/rate-limit.ts";
import { InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { LocalBuckets } from "../../../../workers/gateway/rate-limit/local-buckets.ts";
import { PlatformLimits } from "../../../../workers/gateway/rate-limit/platform-limits.ts";
import type { Charge } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";
import { gatewayTo, json, USER, unary } from "../../../support/gateway.ts";

const LIMIT = { capacity: 100, rate: 1, intervalMs: 3_600_000 };
const BOUND = { binding: "FIVE_A_MINUTE" } as RateLimitRule; // all that the limiter reads of a rule
const UNBOUND = {} as RateLimitRule;
const LATE = Date.now() + 3_600_000;
const bindings = { FIVE_A_MINUTE: (env as unknown as Record<string, unknown>)["FIVE_A_MINUTE"] };
let names = 0;
const charge = (key: string, rule = BOUND, cost = 1): Charge => ({ rule, key, limit: LIMIT, cost, isCeiling: false });
const limitsWith = (binding: unknown) => new PlatformLimits(new LocalBuckets(10), { FIVE_A_MINUTE: binding });

/** The platform counts in windows that start with a minute of the clock: a test of a few calls must not meet a new one. */
async function awayFromNextMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 15_000) await scheduler.wait(left);
}

describe("rules with a binding", () => {
  beforeEach(awayFromNextMinute);

  it("refuse what the platform refuses, each key for itself, and keep the isolate's tokens", async () => {
    const local = new LocalBuckets(10);
    const limits = new PlatformLimits(local, bindings);
    const [key, other] = [`a/${names++}`, `b/${names++}`];
    const kinds: unknown[] = [];
    for (let n = 0; n < 7; n++) kinds.push((await limits.take([charge(key)], LATE))[0]?.kind);
    expect(kinds).toEqual(["allowed", "allowed", "allowed", "allowed", "allowed", "refused", "refused"]);
    expect(await limits.take([charge(key)], LATE)).toEqual([{ kind: "refused", remaining: 0, nextMs: 10_000, retryAfterMs: 10_000 }]);
    expect((await limits.take([charge(other)], LATE))[0]?.kind).toBe("allowed");
    expect(local.take([charge(key, UNBOUND)])).toMatchObject([{ kind: "allowed", remaining: 94 }]); // five calls, and this one
  });

  it("share the platform's count with other isolates", async () => {
    const [one, two] = [new PlatformLimits(new LocalBuckets(10), bindings), new PlatformLimits(new LocalBuckets(10), bindings)];
    const key = `shared/${names++}`;
    const passed = async (limits: PlatformLimits): Promise<number> => {
      let count = 0;
      for (let n = 0; n < 4; n++) if ((await limits.take([charge(key)], LATE))[0]?.kind === "allowed") count += 1;
      return count;
    };
    expect([await passed(one), await passed(two)]).toEqual([4, 1]);
  });

  it("answer through the gateway with 429 and Retry-After", async () => {
    const rule = { key: "ip", mode: "local", binding: "FIVE_A_MINUTE", ...LIMIT } as const;
    const gateway = gatewayTo(
      () => json(USER),
      { rateLimits: { [`r${names++}`]: rule }, defaults: { rateLimits: [`r${names - 1}`] } },
      bindings,
    );
    const statuses: number[] = [];
    let last: Response | undefined;
    for (let n = 0; n < 6; n++) {
      last = await gateway(unary("GetUser", { id: USER.id }, { "cf-connecting-ip": "192.0.2.1" }));
      statuses.push(last.status);
    }
    expect([statuses, last?.headers.get("retry-after")]).toEqual([[200, 200, 200, 200, 200, 429], "10"]);
  });
});

it("decides without the platform where the isolate's bucket refuses, or no rule has a binding", () => {
  const limits = limitsWith({ limit: () => Promise.reject(new Error("not called")) });
  expect(limits.take([charge("a", UNBOUND, 100)], LATE)).toMatchObject([{ kind: "allowed" }]);
  expect(limits.take([charge("a")], LATE)).toMatchObject([{ kind: "refused" }]);
});

it.each([
  ["rejects", { limit: () => Promise.reject(new Error("gone")) }],
  [
    "throws",
    {
      limit: () => {
        throw new Error("gone");
      },
    },
  ],
  ["never responds", { limit: () => new Promise<never>(() => undefined) }],
  ["responds with nothing", { limit: () => Promise.resolve(undefined) }],
  ["is no binding", undefined],
])("passes a call where the binding %s", async (_, binding) => {
  const limits = limitsWith(binding);
  expect(await limits.take([charge("a")], LATE)).toMatchObject([{ kind: "allowed", remaining: 99 }]);
  expect(await limits.take([charge("a")], Date.now())).toMatchObject([{ kind: "allowed", remaining: 98 }]);
});

it.each([
  [{ mode: "auto" }, {}, 'binding: found "FIVE_A_MINUTE"; write mode: "local"'],
  [
    { mode: "local" },
    { FIVE_A_MINUTE: undefined },
    "binding: found no binding FIVE_A_MINUTE; add it to wrangler.toml under [[ratelimits]]",
  ],
  [{ mode: "local" }, { FIVE_A_MINUTE: { fetch } }, "no binding FIVE_A_MINUTE"],
])("is refused for %j with %j", (more, env, problem) => {
  const rule = { key: "ip", binding: "FIVE_A_MINUTE", ...LIMIT, ...more } as never;
  const load = () => gatewayTo(() => json(USER), { rateLimits: { r: rule }, defaults: { rateLimits: ["r"] } }, { ...bindings, ...env });
  expect(load).toThrow(InvalidConfiguration);
  expect(load).toThrow(problem);
});
