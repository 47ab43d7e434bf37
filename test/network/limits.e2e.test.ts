// The shipped limits on a real network: objects 15 to 160 ms away. Calls within their limits are never refused for the distance, floods are
// bounded, and no call fails because another request has ended.
import { afterEach, describe, expect, it } from "vitest";
import { type CallResult, type NetworkedGateway, startGateway } from "./gateway.ts";
import { beyond, flood, poisson, READ, statuses, WRITE } from "./load.ts";

/** Calls of each case: `npm run test:network -- --calls 3000` for the numbers of the documents. */
const CALLS = Number(process.env["TIDEGATE_NETWORK_CALLS"] ?? 480);
const SEED = Number(process.env["TIDEGATE_SEED"] ?? 17);
const PER_CALLER = { capacity: 100, rate: 50 };

/** What workerd and the gateway log where a promise of a request that has ended is awaited, or anything throws. */
const FAULT = /promise|uncaught|droppedActions|"event":"fault"/i;

const running: NetworkedGateway[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function started(network: string, upstreamMs = 0): Promise<NetworkedGateway> {
  const gateway = await startGateway({ network, upstreamMs });
  running.push(gateway);
  return gateway;
}

/** @returns what refused calls say, and after how long */
function refusals(results: readonly CallResult[]): string[] {
  return results.filter(({ status }) => status !== 200).map(({ status, text, ms }) => `${status} after ${ms.toFixed(0)} ms: ${text}`);
}

/** Objects 15 and 30 ms away show races, 80 and 160 ms away what waiting costs. The short form has each value once. */
const NETWORKS = ["local,objects=15", "local,objects=30", "far", "world"];
const UPSTREAMS_MS = [0, 5, 60];
const SHORT: readonly (readonly [string, number])[] = [
  ["local,objects=15", 0],
  ["local,objects=30", 5],
  ["far", 0],
  ["world", 60],
];
const PAIRS = CALLS < 1_000 ? SHORT : NETWORKS.flatMap((network) => UPSTREAMS_MS.map((ms) => [network, ms] as const));

describe.each(PAIRS)("with the network %s and an upstream that responds after %d ms", (network, upstreamMs) => {
  it.each([
    { callers: 4, perSecond: 35 },
    { callers: 12, perSecond: 40 },
  ])("lets every call of $callers callers at $perSecond/s pass", async ({ callers, perSecond }) => {
    const gateway = await started(network, upstreamMs);
    const results = await poisson(gateway, { callers, perSecond, calls: CALLS, seed: SEED });
    const counts = statuses(results.flat());
    const excess = results.reduce((sum, calls) => sum + beyond(calls, PER_CALLER), 0); // 0, where the machine keeps to the plan
    expect({ ...counts, seed: SEED, log: gateway.log.filter((line) => FAULT.test(line)).slice(0, 3) }).toEqual({
      ...(excess > 0 && counts[429] !== undefined ? { 429: expect.any(Number) } : {}),
      200: expect.any(Number),
      seed: SEED,
      log: [],
    });
    expect(counts[429] ?? 0).toBeLessThanOrEqual(excess * 1.2);
  });
});

describe.each(["far", "world"])("with the network %s", (network) => {
  it("lets 20 parallel first calls of a new caller pass, reads and writes", async () => {
    const gateway = await started(network);
    for (const [method, address] of [
      [READ, "192.0.2.1"],
      [WRITE, "192.0.2.2"],
    ] as const) {
      const results = await Promise.all(Array.from({ length: 20 }, () => gateway.call(method, address)));
      expect([method, statuses(results), refusals(results)]).toEqual([method, { 200: 20 }, []]);
    }
  });

  it("lets writes at 5/s pass, one after the other", async () => {
    const gateway = await started(network);
    const results = (await poisson(gateway, { callers: 3, perSecond: 5, calls: Math.min(CALLS, 45), seed: SEED, method: WRITE })).flat();
    expect([statuses(results), refusals(results)]).toEqual([{ 200: results.length }, []]);
  });

  it("bounds a flood of one address: capacity, rate, and the debt of the isolate's first contact", async () => {
    const gateway = await started(network);
    const failures = (): number => gateway.log.filter((line) => line.includes("lease_request_failed")).length;
    let passed = 0;
    // On a machine so busy that objects count as unreachable, a rule that fails open lets calls pass: such a flood gets two more chances.
    for (let [chance, isReached] = [0, false]; chance < 3 && !isReached; chance++) {
      const failedBefore = failures();
      const results = await flood(gateway, 800, 4, `192.0.2.${9 + chance}`);
      isReached = failures() === failedBefore;
      const { 200: allowed = 0, 429: refused = 0, ...others } = statuses(results);
      const seconds = Math.max(4, (results.at(-1)!.sentAt - results[0]!.sentAt) / 1_000);
      const most = PER_CALLER.capacity + PER_CALLER.rate * seconds + 25;
      expect([allowed + refused, others]).toEqual([results.length, {}]);
      expect(allowed).toBeGreaterThanOrEqual(PER_CALLER.capacity);
      if (isReached || chance === 2) expect(allowed).toBeLessThanOrEqual(most);
      passed += allowed;
    }
    expect(await gateway.upstreamCalls(READ)).toHaveLength(passed);
  });
});
