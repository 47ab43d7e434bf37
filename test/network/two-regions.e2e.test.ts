// Two gateways in each of two regions, objects of their region 8 ms away and the root 160 ms: what the upstream counts keeps to the limit of
// the world, and to the limit of each region.
import { afterAll, beforeAll, expect, it } from "vitest";
import { arrivalCurve } from "../simulation/limiter/oracles.ts";
import { type NetworkedGateway, startGateway } from "./gateway.ts";
import { LIMIT, SMALL } from "./limit.ts";
import { READ } from "./load.ts";

const REGIONS = ["weur", "weur", "oc", "oc"];
const UNLIMITED = "users.v1.UserService/UpdateUser";
const SMALL_LIST = "users.v1.UserService/ListUsers";
const PER_REGION = "users.v1.UserService/DeleteUser";
const SECONDS = 5;
const LOAD = 1.5; // calls of all gateways together, over the limit
const STALL = 0.1; // s between the decision and the arrival at the upstream, on a busy machine

let gateway: NetworkedGateway;
beforeAll(async () => {
  gateway = await startGateway({ network: "world", regions: REGIONS, entry: "test/network/two-regions.ts" });
  await warmUp();
});
afterAll(() => gateway.stop());

/** Each gateway compiles its code with its first calls, which takes seconds on a busy machine. */
async function warmUp(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.all(REGIONS.map((_, to) => gateway.call(UNLIMITED, "192.0.2.1", to)));
}

/** Calls in turn to each gateway, evenly spaced. */
async function load(method: string, perSecond: number): Promise<number[]> {
  const calls: Promise<number>[] = [];
  const since = performance.now();
  for (let n = 0; n < SECONDS * perSecond; n++) {
    const waitMs = since + (n * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    calls.push(gateway.call(method, "192.0.2.1", n % REGIONS.length).then(({ status }) => status));
  }
  return Promise.all(calls);
}

const countOf = (statuses: readonly number[], status: number): number => statuses.filter((one) => one === status).length;

/** `used`: least share of the limit that has to pass on a busy machine. */
it.each([
  { name: "the limit of the world, lent on by objects of both regions", method: READ, limit: LIMIT, used: 0.5 },
  { name: "a small limit of the world, lent by the root", method: SMALL_LIST, limit: SMALL, used: 0.5 },
  {
    name: "the limit of each region",
    method: PER_REGION,
    limit: { ...SMALL, capacity: 2 * SMALL.capacity, rate: 2 * SMALL.rate },
    used: 0.5,
  },
])("keep to $name", async ({ method, limit, used }) => {
  let statuses = await load(method, LOAD * limit.rate);
  let admittedBefore = 0;
  // A machine on which many calls wait for too long shows nothing of how much of the limit is used: it gets two more chances.
  const isBusy = (): boolean => countOf(statuses, 503) > statuses.length / 10;
  for (let again = 0; again < 2 && isBusy(); again++) {
    admittedBefore += countOf(statuses, 200);
    statuses = await load(method, LOAD * limit.rate);
  }
  const admitted = await gateway.upstreamCalls(method);
  const passed = countOf(statuses, 200);
  const curve = arrivalCurve(limit);
  for (const at of admitted.toSorted((a, b) => a - b)) curve.admit(at);
  const late = countOf(statuses, 503);
  const bound = `beyond the bound ${curve.excess.toFixed(1)} of ${limit.capacity}`;
  console.info(`${method}: ${passed} of ${statuses.length} pass, ${late} wait for too long, ${bound}`);
  expect(admitted).toHaveLength(admittedBefore + passed);
  expect(curve.excess).toBeLessThanOrEqual(limit.rate * STALL);
  expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]); // 503: the rule is closed, and its time was over
  expect(passed).toBeGreaterThanOrEqual(used * Math.min(statuses.length, limit.capacity + limit.rate * SECONDS));
});
