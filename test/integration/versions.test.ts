// Versions of the configuration in one isolate, over real Durable Objects: swaps, canaries, rollbacks, refusals, and what they leave alone.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeLiveCopy } from "../../workers/gateway/control/live-copy.ts";
import { configuration, SECRET, snapshotOf, versionedGateway } from "../support/versioned.ts";

let logged: Record<string, unknown>[] = [];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, "warn").mockImplementation((line: unknown) => {
    logged.push((typeof line === "string" ? JSON.parse(line) : line) as Record<string, unknown>);
  });
});
afterEach(() => void vi.restoreAllMocks());

it("serves what is published, takes it back, and never holds more than two versions", async () => {
  const { app, call, publish, rollback, until } = versionedGateway(configuration("bundled"));
  expect(await call()).toBe("bundled");
  const parts = app.parts.size;
  const sections = app.versions.live.configuration.exchange!.sections;
  for (const name of ["one", "two", "three"]) {
    await publish(configuration(name));
    await until(name);
    expect(app.versions.size).toBeLessThanOrEqual(2);
  }
  expect(app.versions.number).toBe(3);
  await rollback();
  await until("two");
  await rollback(0);
  await until("bundled");
  expect([app.versions.size <= 2, app.versions.number]).toEqual([true, 0]);
  expect([app.parts.size, app.versions.live.configuration.exchange!.sections]).toEqual([parts, sections]);
});

it("gives the canary its callers, and operators the version that they name", async () => {
  const { app, call, publish, promote, until } = versionedGateway(configuration("bundled"));
  await publish(configuration("live"));
  await until("live");
  await publish(configuration("canary"), { percent: 50 });
  await until("canary", { "tidegate-version": `canary ${SECRET}` });
  expect(app.versions.size).toBeLessThanOrEqual(3);
  const callers = Array.from({ length: 40 }, (_, n) => ({ authorization: `Bearer ${n}` }));
  const first = [];
  for (const caller of callers) first.push(await call(caller));
  const again = [];
  for (const caller of callers) again.push(await call(caller));
  expect(again).toEqual(first);
  expect(new Set(first)).toEqual(new Set(["live", "canary"]));
  const ofLive = callers[first.indexOf("live")]!;
  expect(await call({ ...ofLive, "tidegate-version": "canary" })).toBe("live"); // without a credential the header says nothing
  expect(await call({ ...ofLive, "tidegate-version": "canary a wrong one" })).toBe("live");
  expect(await call({ ...ofLive, "tidegate-version": `canary ${SECRET}` })).toBe("canary");
  expect(await call({ ...callers[first.indexOf("canary")], "tidegate-version": `live ${SECRET}` })).toBe("live");
  expect(await call({ authorization: `Bearer ${SECRET}`, "tidegate-version": "2" })).toBe("canary");
  expect(await call({ authorization: `Bearer ${SECRET}`, "tidegate-version": "1" })).toBe("live");
  await promote();
  await until("canary");
  expect(app.versions.canary).toBeUndefined();
});

it("keeps the last good version where a later one cannot be served, and says why", async () => {
  const { app, call, plane, publish, until, state } = versionedGateway(configuration("bundled"));
  await publish(configuration("good"));
  await until("good");
  await publish(configuration("bad", { services: { "users.v1.UserService": { upstream: { binding: "NO_SUCH" } } } }));
  const { sequence } = await plane.status();
  const hasFollowed = async () => (await call()) !== "" && app.versions.sequence === sequence;
  await vi.waitUntil(hasFollowed, { timeout: 20_000, interval: 20 });
  expect(await call()).toBe("good");
  expect(app.versions.section()).toMatchObject({ refused: [{ reason: expect.stringContaining("NO_SUCH") }] });
  expect(logged).toContainEqual(expect.objectContaining({ event: "version_refused" }));
  state.isDown = true; // nothing that fails takes a version away
  expect(await call()).toBe("good");
  state.isDown = false;
  await publish(configuration("better"));
  await until("better");
});

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
});

it("waits for nothing once it is warm: a call ends while its exchange hangs", async () => {
  const { app, call, state } = versionedGateway(configuration("bundled"));
  await call();
  const before = state.exchanges;
  state.isDown = true;
  for (let n = 0; n < 20; n++) expect(await call()).toBe("bundled");
  expect(app.firstSource()).toBe("exchange");
  expect(state.exchanges - before).toBeLessThan(20); // the exchange is the only binding call, in the background
});

it("leaves stored responses, purges, revoked keys and breaker overrides as they are over swaps and rollbacks", async () => {
  const users = { upstream: { binding: "USERS" }, methods: { GetUser: { cache: { l2: "none", ttlMs: 600_000 } } } };
  const version = (name: string) =>
    configuration(name, {
      auth: { keys: { env: "test", tagSecrets: ["TAGS"] } },
      ...{ purge: {}, breakers: {} },
      services: { "users.v1.UserService": { ...users, responseHeaders: { set: { "x-served-by": name } } } },
    });
  const { app, state, admin, publish, rollback } = versionedGateway(version("bundled"), { TAGS: "t".repeat(40) });
  const servedBy = async () => {
    const body = JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    return (await app.fetch(new Request("https://gateway.example/users.v1.UserService/GetUser", init))).headers.get("x-served-by");
  };
  const until = (name: string) => vi.waitUntil(async () => (await servedBy()) === name, { timeout: 20_000, interval: 20 });
  await servedBy();
  for (const name of ["one", "two"]) {
    await publish(version(name));
    await until(name);
  }
  expect(state.calls).toBe(1); // the response that the bundled version has stored serves all of them
  const issued = await admin("tidegate.keys.v1.KeyService/IssueKey", { settings: { owner: "acme" } });
  const { key, text } = issued.body as { key: { id: string }; text: string };
  const verify = async () => (await admin("tidegate.keys.v1.KeyService/VerifyKey", { text })).body["isValid"] === true;
  expect(await verify()).toBe(true);
  await admin("tidegate.keys.v1.KeyService/RevokeKey", { id: key.id });
  await admin("tidegate.cache.v1.CacheService/Purge", { targets: [{ all: true }], hard: true });
  const override = { upstream: "users.v1.UserService", endpoint: "USERS", reason: "a test" };
  const overrides = async () => (await admin("tidegate.breaker.v1.BreakerService/ListBreakers", {})).body["breakers"];
  await admin("tidegate.breaker.v1.BreakerService/SetOverride", { ...override, override: "OVERRIDE_CLOSED" });
  expect(await overrides()).toMatchObject([{ override: "OVERRIDE_CLOSED" }]);
  await admin("tidegate.breaker.v1.BreakerService/SetOverride", { ...override, override: "OVERRIDE_NONE" });
  await rollback();
  await until("one");
  expect([await verify(), state.calls]).toEqual([false, 2]); // fetched again, once
  expect(await overrides()).toMatchObject([{ override: "OVERRIDE_NONE" }]);
});
