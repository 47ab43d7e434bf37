// Five gateways in two regions, each a process of its own, while versions of their configuration are published, refused and taken back.
// `npm run test:control -- --publishes 1000` publishes more of them. Their `control` has `pollMs` at 250 ms, `coldWaitMs` at 2 s, and `kv`.
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { BUNDLED, configurationOf } from "../support/five-gateways/settings.ts";
import { FiveGateways } from "./five-gateways/fleet.ts";
import { percentile, publishUnderLoad, summary } from "./five-gateways/publishes.ts";

const PUBLISHES = 50;
const GATEWAY = "test/support/five-gateways/gateway.ts";
const OLDER = "test/support/five-gateways/older-gateway.ts";
const WAIT = { timeout: 120_000, interval: 100 };
const fleet = new FiveGateways();

beforeAll(() => fleet.start([GATEWAY, GATEWAY, GATEWAY, GATEWAY, OLDER]));
afterAll(() => fleet.stop());

const served = (among = fleet.count): Promise<string[]> =>
  Promise.all(Array.from({ length: among }, async (_, to) => (await fleet.call(to)).versions.join()));

/** Waits until each of the first gateways serves its version. */
async function serve(...versions: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect(await served(versions.length)).toEqual(versions), WAIT);
}

const all = (version: string): string[] => Array(5).fill(version);

it("serve the bundled configuration where nothing was published", async () => {
  await serve(...all(BUNDLED));
});

it("exchange with relays of their own regions, from the first request on", async () => {
  const reported = new Set<string>();
  await vi.waitFor(async () => {
    await served();
    const { regions = [] } = (await fleet.operator(0, "GetStatus")).body as { regions?: { region: string }[] };
    for (const { region } of regions) reported.add(region);
    expect([...reported]).toEqual(expect.arrayContaining(["oc", "weur"]));
  }, WAIT);
  expect([...reported].toSorted()).toEqual(["oc", "weur"]); // none was in a region that was not known yet
});

it("never serve one request by two versions, never go back, lose no request, and converge", async () => {
  const outcome = await publishUnderLoad(fleet, PUBLISHES, () => undefined);
  console.info(summary(outcome));
  expect(outcome.failed).toEqual([]);
  expect(outcome.mixed).toEqual([]);
  expect(outcome.backward).toEqual([]);
  expect(outcome.converged).toEqual(all(outcome.last));
  expect(outcome.conflicts.length).toBeGreaterThanOrEqual(1);
  for (const message of outcome.conflicts) expect(message).toMatch(/by op-\d \(ADMIN_SECRET\) \(publish of version \d+/);
  expect(percentile(outcome.propagationMs, 0.5)).toBeLessThan(5_000); // one exchange of the default `pollMs`
});

it("refuse an invalid version, and go on with the last good one", async () => {
  const before = await served();
  const invalid = configurationOf("invalid", { services: { "users.v1.NoService": { upstream: { binding: "OBJECTS" } } } });
  const reply = await fleet.publish(0, invalid, await fleet.sequence());
  expect(reply).toMatchObject({ status: 400, body: { message: expect.stringContaining('services["users.v1.NoService"]') } });
  expect(await served()).toEqual(before);
});

it("keep the last good version where the bundle lacks a service, report why, and roll back by one call", async () => {
  await fleet.publish(0, configurationOf("good"), await fleet.sequence());
  await serve(...all("good"));
  const newer = configurationOf("newer", { services: { "orders.v1.OrderService": { upstream: { binding: "OBJECTS" } } } });
  expect((await fleet.publish(0, newer, await fleet.sequence())).status).toBe(200);
  await serve("newer", "newer", "newer", "newer", "good"); // the last gateway is of an older bundle
  await vi.waitFor(async () => {
    await served();
    const { refused } = (await fleet.operator(0, "GetStatus")).body as { refused?: { reason: string; isolates: string }[] };
    expect(refused).toMatchObject([{ reason: expect.stringContaining("orders.v1.OrderService"), isolates: "1" }]);
  }, WAIT);
  expect((await fleet.operator(1, "Rollback", { expectedSequence: await fleet.sequence(), reason: "it lacks a service" })).status).toBe(
    200,
  );
  await serve(...all("good"));
});

it("serve the canary to a region", async () => {
  const reply = await fleet.publish(0, configurationOf("canary"), await fleet.sequence(), "ann", { canary: { region: "oc" } });
  expect(reply.status).toBe(200);
  await serve("good", "good", "good", "canary", "canary");
  await fleet.operator(0, "Promote", { expectedSequence: await fleet.sequence(), reason: "it works" });
  await serve(...all("canary"));
});

it("go on with the last good version while objects and KV are down; a new one starts with KV's, else with the bundled one", async () => {
  await fleet.publish(0, configurationOf("last good"), await fleet.sequence());
  await serve(...all("last good"));
  await fleet.cut("objects");
  await serve(...all("last good"));
  const fromKv = await fleet.add(GATEWAY, "weur");
  await vi.waitFor(async () => expect((await fleet.call(fromKv)).versions).toEqual(["last good"]), WAIT);
  await fleet.cut("objects", "kv");
  const bundled = await fleet.add(GATEWAY, "weur");
  expect(await fleet.call(bundled)).toEqual({ status: 200, versions: [BUNDLED] });
  expect(await served(5)).toEqual(all("last good"));
  expect((await fleet.publish(0, configurationOf("never"), "0")).status).toBe(503);
  await fleet.cut();
  await vi.waitFor(async () => expect(await served()).toEqual(Array(7).fill("last good")), WAIT);
});

it("return to the bundled configuration", async () => {
  await fleet.operator(0, "Rollback", { expectedSequence: await fleet.sequence(), reason: "start again", version: "0" });
  await vi.waitFor(async () => expect(new Set(await served())).toEqual(new Set([BUNDLED])), WAIT);
});
