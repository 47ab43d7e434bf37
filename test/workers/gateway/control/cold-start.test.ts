// The first requests of an isolate, and those after them.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeLiveCopy } from "../../../../workers/gateway/control/live-copy.ts";
import { configuration, snapshotOf, versionedGateway } from "../../../support/versioned.ts";

let logged: Record<string, unknown>[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => {
    logged.push((typeof line === "string" ? JSON.parse(line) : line) as Record<string, unknown>);
  });
});
afterEach(() => void vi.restoreAllMocks());

it("falls back to the copy in KV, then to the bundled configuration, once and counted", async () => {
  const kv = configuration("copied", { control: { coldWaitMs: 50, pollMs: 100, kv: "CACHE" } });
  await writeLiveCopy(env.CACHE as never, { sequence: 5, version: 3, snapshot: snapshotOf(kv) });
  const withCopy = versionedGateway({ ...kv, services: configuration("bundled")["services"]! }, { CACHE: env.CACHE });
  withCopy.state.isDown = true;
  expect(await withCopy.call()).toBe("copied");
  const alone = versionedGateway(configuration("bundled", { control: { coldWaitMs: 50, pollMs: 100 } }));
  alone.state.isDown = true;
  expect([await alone.call(), await alone.call()]).toEqual(["bundled", "bundled"]);
  expect([withCopy.app.firstSource(), alone.app.firstSource()]).toEqual(["kv", "bundled"]);
  const fellBack = logged.filter(({ event }) => event === "version_fell_back");
  expect(fellBack).toMatchObject([
    { source: "kv", version: 3 },
    { source: "bundled", version: 0 },
  ]);
  alone.state.isDown = false;
  const counted = async (): Promise<boolean> => {
    await alone.call();
    return (await alone.plane.status()).fleet.fallenBack === 1;
  };
  await vi.waitUntil(counted, { timeout: 30_000, interval: 20 });
});

it("waits for nothing once it is warm, while its exchange hangs or fails", async () => {
  const { app, call, state } = versionedGateway(configuration("bundled"));
  await call();
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hangsFor = promise;
  const before = state.exchanges;
  // The exchange that is due is under way, and does not end.
  await vi.waitUntil(async () => (await call()) === "bundled" && state.exchanges > before, { timeout: 30_000, interval: 10 });
  for (let n = 0; n < 20; n++) expect(await call()).toBe("bundled");
  expect(state.exchanges).toBe(before + 1); // the only binding call
  state.isDown = true;
  resolve();
  for (let n = 0; n < 20; n++) expect(await call()).toBe("bundled");
  expect(app.firstSource()).toBe("exchange");
});

it.each([
  [0, "bundled"],
  [10_000, "live"],
])("waits %i ms at most for the live version, which a slow relay has, and serves: %s", async (coldWaitMs, served) => {
  const { call, publish, state } = versionedGateway(configuration("bundled", { control: { coldWaitMs, pollMs: 100 } }));
  await publish(configuration("live"));
  const { promise, resolve } = Promise.withResolvers<void>();
  state.hangsFor = coldWaitMs === 0 ? promise : scheduler.wait(1_500); // longer than the default of the setting
  expect(await call()).toBe(served);
  resolve();
});
