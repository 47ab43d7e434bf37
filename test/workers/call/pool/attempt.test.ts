import { beforeEach, describe, expect, it } from "vitest";
import { Fleet } from "../../../../core/balance/fleet.ts";
import { parsePolicy } from "../../../../core/config/gateway.ts";
import type { AttemptOutcome } from "../../../../core/retry/attempt-outcome.ts";
import { CallAttempt } from "../../../../workers/call/call-attempt.ts";
import { PoolAttempt, type PoolParts } from "../../../../workers/call/pool/attempt.ts";
import { UpstreamThrottle } from "../../../../workers/call/pool/throttle.ts";
import { WaitingCalls } from "../../../../workers/call/pool/waiting-calls.ts";
import { httpRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import type { BreakerReporter } from "../../../../workers/gateway/upstream/breaker-reports.ts";
import { poolHooks } from "../../../../workers/gateway/upstream/pool-hooks.ts";

const destination = { base: "https://a.internal", fetch: () => Promise.resolve(new Response()) };
let parts: PoolParts<Call>;
let reports: string[];

beforeEach(() => {
  const parsed = parsePolicy(
    { services: { "a.v1.A": { upstream: { binding: "A" }, breaker: { consecutive: 2, minCalls: 2 } } } },
    new Map([["a.v1.A", ["Get"]]]),
  );
  if (parsed.kind !== "ok") throw new Error(JSON.stringify(parsed));
  const { upstream, breaker, throttle } = parsed.policy.services.get("a.v1.A")!;
  const fleet = new Fleet([{ id: "A", weight: 1, priority: 0, isDraining: false }], { ...upstream, breaker });
  reports = [];
  const reporter = { ended: (endpoint: string) => void reports.push(endpoint) };
  // Private fields keep a literal from being a reporter.
  const hooks = poolHooks("a.v1.A", upstream, undefined, () => reporter as unknown as BreakerReporter);
  parts = {
    hooks,
    fleet,
    throttle: new UpstreamThrottle("a.v1.A", throttle, fleet, hooks),
    waiting: new WaitingCalls(5, 60_000),
  };
});

function begin({ maxMs, deadlineMs = 10_000, startedMsAgo = 0 }: { maxMs?: number; deadlineMs?: number; startedMsAgo?: number } = {}) {
  const now = Date.now() - startedMsAgo;
  const call = new Call(
    new Request("https://gateway.example/a"),
    { kind: "rest" },
    httpRoute("/a", { maxBodyBytes: 1_000 }, undefined),
    "/a",
    "",
    now,
  );
  call.deadlineAt = now + deadlineMs;
  const attempt = new CallAttempt(call, 1, new Set(), maxMs === undefined ? {} : { maxMs });
  const picked = parts.fleet.pick({ method: 7, key: 0, now, rng: () => 0.5, tried: attempt.tried });
  if (picked.kind !== "picked") return undefined;
  return new PoolAttempt(parts, call, attempt, { picked, destination, cookie: undefined, method: 7, mayRedirectShed: true, now });
}

const isOpen = (): boolean => parts.fleet.status(Date.now()) === "not_serving";

describe("an attempt", () => {
  it.each([
    ["failed", true],
    ["unavailable", true],
    ["responded", false],
    ["shed", false],
    ["redirected", false],
    ["dropped", false],
  ] as [AttemptOutcome, boolean][])("that ends as %s opens the breaker after two in a row: %s", (outcome, opens) => {
    for (let n = 0; n < 2; n++) begin()!.end(outcome);
    expect(isOpen()).toBe(opens);
  });

  it.each([
    ["a second", { startedMsAgo: 1_000 }, true],
    ["less than a second", { startedMsAgo: 900 }, false],
    ["90 % of the time that an operator gives an attempt", { maxMs: 100, startedMsAgo: 90 }, true],
    ["less than that", { maxMs: 1_000, startedMsAgo: 500 }, false],
  ] as const)("that is late after %s counts against its endpoint: %s", (_, settings, opens) => {
    for (let n = 0; n < 2; n++) begin(settings)!.end("late");
    expect(isOpen()).toBe(opens);
  });

  it("reports its endpoint to the shared breakers, whatever its outcome", () => {
    begin()!.end("responded");
    begin()!.end("dropped");
    expect(reports).toEqual(["A", "A"]);
  });

  it("gives its place to the next call that waits", async () => {
    const attempt = begin()!;
    const waits = parts.waiting.wait(Number.POSITIVE_INFINITY, 2, Date.now());
    attempt.end("responded");
    await waits.done;
  });

  it("is not redirected where there is no other endpoint", () => expect(begin()!.mayRedirectShed).toBe(false));

  it("counts a stream that breaks off against its endpoint, although it had responded", () => {
    for (let n = 0; n < 2; n++) {
      const attempt = begin()!;
      attempt.end("responded");
      attempt.streamBroke();
    }
    expect(isOpen()).toBe(true);
  });

  it("has a time limit of its own only as a probe", () => expect(begin()!.maxMs).toBeUndefined());
});
