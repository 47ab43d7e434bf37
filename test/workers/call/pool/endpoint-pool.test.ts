// A pool of endpoints by itself, with hooks that count and log nothing.
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { CallAttempt } from "../../../../workers/call/call-attempt.ts";
import { EndpointPool } from "../../../../workers/call/pool/endpoint-pool.ts";
import { plainHooks } from "../../../../workers/call/pool/plain-hooks.ts";
import { learned, outboundCall, poolSettings } from "../../../support/outbound-call.ts";

function poolOf(ids: readonly string[], settings: Parameters<typeof poolSettings>[0] = {}, queue = 0, key = "") {
  const destinations = new Map(ids.map((id) => [id, { base: `https://${id}`, fetch: async () => new Response() }]));
  const members = ids.map((id) => ({ id, weight: 1, priority: 0, isDraining: false }));
  const hooks = plainHooks(() => ({ text: key }));
  return new EndpointPool(poolSettings(settings, queue), members, destinations, learned(), hooks, Date.now());
}

const begin = (pool: ReturnType<typeof poolOf>, call = outboundCall(), attempt = new CallAttempt(call)) => pool.pick(call, attempt);

describe("a pool", () => {
  it("gives the next call to the endpoint with less in flight", () => {
    const pool = poolOf(["a", "b"], { balancer: "least_request" });
    const [first, second] = [begin(pool), begin(pool)];
    expect(new Set([first.endpoint, second.endpoint]).size).toBe(2);
    expect(first.destination.base).toBe(`https://${first.endpoint}`);
  });

  it("sends a further attempt to another endpoint", () => {
    const pool = poolOf(["a", "b"]);
    const attempt = new CallAttempt(outboundCall());
    const used = [begin(pool, undefined, attempt).endpoint, begin(pool, undefined, attempt).endpoint];
    expect([new Set(used).size, attempt.tried.size]).toEqual([2, 2]);
  });

  it("refuses calls while the breakers of all endpoints are open", () => {
    const pool = poolOf(["a"]);
    for (let n = 0; n < 2; n++) begin(pool).end("failed");
    expect(() => begin(pool)).toThrow(Rejected);
    expect(pool.parts.fleet.status(Date.now())).toBe("not_serving");
  });

  it("counts no caller's fault against an endpoint", () => {
    const pool = poolOf(["a"]);
    for (let n = 0; n < 20; n++) begin(pool).end(n % 2 === 0 ? "responded" : "dropped");
    expect(pool.parts.fleet.status(Date.now())).toBe("serving");
  });

  it("lets a call wait while its endpoints are full, and refuses it where no call may wait", async () => {
    const pool = poolOf(["a"], { maxConcurrent: 1 }, 5);
    const running = begin(pool);
    const call = outboundCall();
    const waits = pool.prepare(call, new CallAttempt(call));
    running.end("responded");
    await waits?.done;
    expect(begin(pool).endpoint).toBe("a");
    const full = poolOf(["a"], { maxConcurrent: 1 });
    begin(full);
    expect(full.prepare(call, new CallAttempt(call))).toBeUndefined();
    expect(() => begin(full)).toThrow(Rejected);
  });

  it("keeps a key at its endpoint", () => {
    const pool = poolOf(["a", "b", "c"], { balancer: "consistent_hash" }, 0, "ada");
    expect(pool.usesKey).toBe(true);
    const used = Array.from({ length: 10 }, () => begin(pool).endpoint);
    expect(new Set(used).size).toBe(1);
  });
});
