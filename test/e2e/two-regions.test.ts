// Two gateways in each of two regions, each a process of its own, share one limit of the world: objects of each region lend on what they
// lease from one root. What the upstream counts keeps to the limit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { LoadGenerator } from "../../bench/load.ts";
import { subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";
import { arrivalCurve } from "../simulation/limiter/oracles.ts";
import { LIMIT } from "../support/two-regions/limit.ts";

const REGIONS = ["weur", "weur", "oc", "oc"];
const SECONDS = 6;
const LOAD = 1.6; // calls of all gateways together, over the limit
const STALL = 0.1; // s between the decision and its time stamp, where the scheduler takes the processor away in between
const folder = mkdtempSync(join(tmpdir(), "tidegate-regions-"));
const running: Running[] = [];

afterAll(() => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A gateway compiles its code with its first calls, which takes seconds on a busy machine. They have no limit. */
async function warmUp(origin: string): Promise<void> {
  const call = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  for (let n = 0; n < 50; n++) expect((await fetch(`${origin}/users.v1.UserService/ListUsers`, call)).status).toBe(200);
}

it("hold it together, and use it, with few messages to the root", async () => {
  const { prepare } = subjects["gateway"]!;
  const objects = [{ binding: "TOKEN_BUCKET", className: "TokenBuckets" }];
  const subject = { entry: "test/support/two-regions/objects.ts", about: "", objects, prepare };
  const upstream = await start(join(folder, "objects"), subject, { upstreamPort: 1, cpu: 0 });
  running.push(upstream);
  const gateway = { entry: "test/support/two-regions/gateway.ts", about: "", upstreams: ["USERS", "BUCKETS"], prepare };
  for (const cpu of [0, 1, 0, 1]) {
    running.push(await start(join(folder, `gateway-${running.length}`), gateway, { upstreamPort: upstream.port, cpu }));
  }
  const request = await prepare("");
  await Promise.all(running.slice(1).map(({ origin }) => warmUp(origin)));
  const loads = running.slice(1).map(({ origin }, index) => ({ origin, region: REGIONS[index]!, load: new LoadGenerator() }));
  const slices = await Promise.all(
    loads.map(({ origin, region, load }) => {
      const order = { ...request, headers: { ...request.headers, "tidegate-region": region } };
      return load.run({ origin, request: order, connections: 100, seconds: SECONDS, rate: (LOAD * LIMIT.rate) / REGIONS.length });
    }),
  );
  await Promise.all(loads.map(({ load }) => load.stop()));

  const { admitted, messages } = (await (await fetch(`${upstream.origin}/admitted`)).json()) as {
    readonly admitted: number[];
    readonly messages: Readonly<Record<string, number>>;
  };
  const curve = arrivalCurve(LIMIT);
  for (const at of admitted.toSorted((a, b) => a - b)) curve.admit(at);
  const others = slices.flatMap(({ errors }) => [...errors]);
  const refused = others.reduce((sum, [, count]) => sum + count, 0);
  const beyond = `beyond the bound ${curve.excess.toFixed(1)} of ${LIMIT.capacity}`;
  const late = others.reduce((sum, [reason, count]) => sum + (reason.startsWith("503 ") ? count : 0), 0);
  console.info(`admitted ${admitted.length}, refused ${refused}, of them ${late} late, messages ${JSON.stringify(messages)}, ${beyond}`);
  expect(others.filter(([reason]) => !/^(429|503) /.test(reason))).toEqual([]); // 503: the rule is closed, and its time was over
  expect(curve.excess).toBeLessThanOrEqual(LIMIT.rate * STALL);
  expect(messages).toEqual({ lendOn: expect.any(Number) }); // gateways lease from their region alone
  const most = LIMIT.capacity + LIMIT.rate * SECONDS;
  expect(admitted.length).toBeGreaterThan(0.4 * Math.min(most, admitted.length + refused)); // a slow machine offers less than the limit
});
