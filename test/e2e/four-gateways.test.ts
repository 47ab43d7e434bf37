// Four gateways, each a process of its own, share one limit under load: what the upstream counts keeps to it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { LoadGenerator } from "../../bench/load.ts";
import { subjects } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";
import { arrivalCurve } from "../simulation/limiter/oracles.ts";
import { LIMIT } from "../support/four-gateways/limit.ts";

const SECONDS = 6;
const STALL = 0.1; // s between the decision and its time stamp, where the scheduler takes the processor away in between
const folder = mkdtempSync(join(tmpdir(), "tidegate-four-"));
const running: Running[] = [];

afterAll(() => {
  for (const one of running) one.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("hold it together, and use it", async () => {
  const { prepare } = subjects["gateway"]!;
  const objects = [{ binding: "TOKEN_BUCKET", className: "TokenBuckets" }];
  const upstream = await start(
    join(folder, "upstream"),
    { entry: "test/support/four-gateways/upstream.ts", about: "", objects, prepare },
    { upstreamPort: 1, cpu: 0 },
  );
  running.push(upstream);
  const gateway = { entry: "test/support/four-gateways/gateway.ts", about: "", upstreams: ["USERS", "BUCKETS"], prepare };
  for (const cpu of [0, 1, 0, 1]) {
    running.push(await start(join(folder, `gateway-${running.length}`), gateway, { upstreamPort: upstream.port, cpu: cpu }));
  }
  const loads = running.slice(1).map(({ origin }) => ({ origin, load: new LoadGenerator() }));
  const request = await prepare("");
  const slices = await Promise.all(loads.map(({ origin, load }) => load.run({ origin, request, connections: 2, seconds: SECONDS })));
  await Promise.all(loads.map(({ load }) => load.stop()));

  const { admitted, lends } = (await (await fetch(`${upstream.origin}/admitted`)).json()) as { admitted: number[]; lends: number };
  const curve = arrivalCurve(LIMIT);
  for (const at of admitted.toSorted((a, b) => a - b)) curve.admit(at);
  const refused = slices.reduce((sum, { errors }) => sum + [...errors.values()].reduce((all, count) => all + count, 0), 0);
  console.info(
    `admitted ${admitted.length}, refused ${refused}, messages ${lends}, beyond the bound ${curve.excess.toFixed(1)} of ${LIMIT.capacity}`,
  );
  expect(curve.excess).toBeLessThanOrEqual(LIMIT.rate * STALL);
  const most = LIMIT.capacity + LIMIT.rate * SECONDS;
  expect(admitted.length).toBeGreaterThan(0.6 * Math.min(most, admitted.length + refused)); // a slow machine offers less than the limit
});
