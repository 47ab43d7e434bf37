// What is no configuration, over swaps and rollbacks in one isolate with real Durable Objects.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { configuration, versionedGateway } from "../support/versioned.ts";

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

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
  const verify = async () => {
    const { status, body } = await admin("tidegate.keys.v1.KeyService/VerifyKey", { text });
    expect(status, JSON.stringify(body)).toBe(200);
    return body["isValid"] === true;
  };
  expect(await verify()).toBe(true);
  await admin("tidegate.keys.v1.KeyService/RevokeKey", { id: key.id });
  await vi.waitUntil(async () => !(await verify()), { timeout: 25_000, interval: 250 }); // the isolate learns of it in the background
  await admin("tidegate.cache.v1.CacheService/Purge", { targets: [{ all: true }], hard: true });
  const override = { upstream: "users.v1.UserService", endpoint: "USERS", reason: "a test" };
  const overrides = async () => {
    const { breakers } = (await admin("tidegate.breaker.v1.BreakerService/ListBreakers", {})).body as { breakers: { endpoint: string }[] };
    return breakers.filter(({ endpoint }) => endpoint === "USERS"); // the region may have those of other tests, too
  };
  await admin("tidegate.breaker.v1.BreakerService/SetOverride", { ...override, override: "OVERRIDE_CLOSED" });
  expect(await overrides()).toMatchObject([{ override: "OVERRIDE_CLOSED" }]);
  await admin("tidegate.breaker.v1.BreakerService/SetOverride", { ...override, override: "OVERRIDE_NONE" });
  await rollback();
  await until("one");
  expect([await verify(), state.calls]).toEqual([false, 2]); // fetched again, once
  expect(await overrides()).toMatchObject([{ override: "OVERRIDE_NONE" }]);
});
