// Calls with API keys: what they cost in calls of the relay, how soon a change is in effect, and what holds while the relay is away.
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { KEY_LOG_NAME, KEY_SHARDS, shardName } from "../../../../../core/keys/key-shards.ts";
import { adminCall, callWith, issue, KeyWorld } from "../../../../support/api-keys.ts";

const START = Date.UTC(2026, 0, 1);

beforeAll(async () => {
  // The class is loaded: a relay waits 1.5 s at most.
  const names = [KEY_LOG_NAME, ...Array.from({ length: KEY_SHARDS }, (_, shard) => shardName(shard))];
  await Promise.all(names.map((name) => env.KEY_STORE.getByName(name).since(0)));
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const later = (ms: number) => void vi.setSystemTime(Date.now() + ms);
const CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const madeUp = (length: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => CHARACTERS[byte % 62]).join("");

describe("a call with a key", () => {
  it("waits for one question, and no later call for any", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    const { text } = await issue(isolate);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => callWith(isolate, text)));
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([200]));
    expect([world.questions.length, world.reads]).toEqual([1, 1]);
    for (let call = 0; call < 50; call++) expect((await callWith(isolate, text)).status).toBe(200);
    expect(world.questions).toHaveLength(1);
    const other = world.isolate();
    expect((await callWith(other, text)).status).toBe(200);
    expect([world.questions.length, world.reads]).toEqual([2, 1]); // the relay has it
  });

  it("is held by the isolate within cacheBytes: 90 keys are not read again by default, and some are with 64 KiB", async () => {
    const world = new KeyWorld();
    const issuer = world.isolate();
    const texts: string[] = [];
    for (let key = 0; key < 90; key++) texts.push((await issue(issuer)).text);
    const questionsOfSecondRound = async (keys: object): Promise<number> => {
      const isolate = world.isolate(keys);
      for (const text of texts) expect((await callWith(isolate, text)).status).toBe(200);
      const before = world.questions.length;
      for (const text of texts) expect((await callWith(isolate, text)).status).toBe(200);
      return world.questions.length - before;
    };
    expect(await questionsOfSecondRound({})).toBe(0);
    expect(await questionsOfSecondRound({ cacheBytes: 65_536 })).toBeGreaterThan(0);
  });

  it("is refused for every other text, with one message and without a lookup", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    const { text } = await issue(isolate);
    const other = await issue(world.isolate({ env: "live" }));
    const [head, tail] = [text.slice(0, -40), text.slice(-40)];
    const wrong = [
      "tg_",
      text.slice(0, -1),
      `${text}a`,
      `${head}${madeUp(40)}`,
      `${head}${tail.slice(0, 32)}${madeUp(8)}`,
      `${head}${madeUp(32)}${tail.slice(32)}`,
      `tg_test_${madeUp(16)}_${tail}`,
      `tg_test_${madeUp(16)}_${madeUp(40)}`,
      text.toLowerCase(),
      text.replace("tg_test", "tg_live"),
      other.text,
    ];
    const bodies = new Set<string>();
    for (const key of wrong) {
      const { status, body } = await callWith(isolate, key);
      expect(status, key).toBe(401);
      bodies.add(JSON.stringify(body));
    }
    expect(bodies.size).toBe(1);
    expect([world.questions.length, world.seen.length]).toEqual([0, 0]);
  });

  it("costs no call where its key is malformed or made up, 1,000 of each", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    for (let call = 0; call < 1_000; call++) {
      expect((await callWith(isolate, `tg_test_${madeUp(16)}_${madeUp(39)}`)).status).toBe(401);
      expect((await callWith(isolate, `tg_test_${madeUp(16)}_${madeUp(40)}`)).status).toBe(401);
    }
    expect([world.questions.length, world.reads]).toEqual([0, 0]);
  });

  it("takes the plan of the key for its limits", async () => {
    const world = new KeyWorld();
    const limit = { capacity: 2, rate: 1, intervalMs: 3_600_000 };
    const tiers = { by: "key", plans: { pro: { ...limit, capacity: 4 } } } as const;
    const name = `plans-${madeUp(8)}`;
    const input = { rateLimits: { [name]: { ...limit, key: "principal", mode: "exact", fail: "closed", waitMs: 60_000, tiers } } } as const;
    const isolate = world.isolate({}, { ...input, defaults: { auth: "required", rateLimits: [name] } });
    const passed = async (text: string): Promise<number> => {
      let count = 0;
      for (let call = 0; call < 6; call++) if ((await callWith(isolate, text)).status === 200) count += 1;
      return count;
    };
    const [free, pro] = [await issue(isolate), await issue(isolate, { plan: "pro" })];
    expect([await passed(free.text), await passed(pro.text)]).toEqual([2, 4]);
  });

  it("has the scopes of the key, and no others", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate({}, { defaults: { auth: "required", scopes: ["users.read"] } });
    const [reader, other] = [await issue(isolate, { scopes: ["users.read", "x"] }), await issue(isolate, { scopes: ["users"] })];
    expect([(await callWith(isolate, reader.text)).status, (await callWith(isolate, other.text)).status]).toEqual([200, 403]);
  });

  it("counts only from the addresses of the key", async () => {
    const isolate = new KeyWorld().isolate();
    const { text } = await issue(isolate, { addresses: ["192.0.2.0/24", "2001:db8::/32"] });
    const from = async (ip: string) => (await callWith(isolate, text, { "cf-connecting-ip": ip })).status;
    expect([await from("192.0.2.9"), await from("2001:db8::1"), await from("192.0.3.9"), await from("198.51.100.7")]).toEqual([
      200, 200, 403, 403,
    ]);
  });

  it("ends with the key", async () => {
    const isolate = new KeyWorld().isolate();
    const { text } = await issue(isolate, { expireTime: new Date(START + 3_000).toISOString() });
    later(2_999);
    expect((await callWith(isolate, text)).status).toBe(200);
    later(1);
    expect((await callWith(isolate, text)).status).toBe(401);
  });

  it("may have its key in the configured header, never in the URL, and no second one", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate({ header: "X-Api-Key" });
    const [one, two] = [await issue(isolate), await issue(isolate)];
    const call = async (headers: Record<string, string>, query = "") => {
      const url = `https://gateway.example/users.v1.UserService/GetUser${query}`;
      const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
      return (await isolate(new Request(url, init))).status;
    };
    expect(await call({ "x-api-key": one.text })).toBe(200);
    expect(await call({ "x-api-key": one.text, authorization: `Bearer ${one.text}` })).toBe(200);
    expect(await call({ "x-api-key": one.text, authorization: `Bearer ${two.text}` })).toBe(401);
    expect(await call({ "x-api-key": `${one.text}, ${two.text}` })).toBe(401);
    expect(await call({}, `?key=${one.text}&x-api-key=${one.text}&access_token=${one.text}`)).toBe(401);
    expect(await call({ authorization: `Basic ${one.text}` })).toBe(401);
  });

  it("counts with each of the configured secrets, and with no former one", async () => {
    const world = new KeyWorld();
    const first = world.isolate();
    const { text } = await issue(first);
    const both = world.isolate({ tagSecrets: ["KEY_TAG_SECRET_2", "KEY_TAG_SECRET_1"] });
    const second = await issue(both);
    expect([(await callWith(both, text)).status, (await callWith(both, second.text)).status]).toEqual([200, 200]);
    expect((await callWith(first, second.text)).status).toBe(401);
    expect((await callWith(world.isolate({ tagSecrets: ["KEY_TAG_SECRET_2"] }), text)).status).toBe(401);
  });
});

describe("a revoked key", () => {
  it("is refused in every isolate within 10 s, at one call a minute and at one a second", async () => {
    const world = new KeyWorld();
    const [busy, quiet] = [world.isolate(), world.isolate()];
    const { id, text } = await issue(busy);
    for (const isolate of [busy, quiet]) expect((await callWith(isolate, text)).status).toBe(200);
    for (let second = 0; second < 20; second++) {
      later(1_000);
      expect((await callWith(busy, text)).status).toBe(200);
    }
    expect((await adminCall(busy, "RevokeKey", { id })).body).toMatchObject({ effectiveWithinMs: 10_000, effectiveWithoutRelayMs: 60_000 });
    const statuses: number[] = [];
    for (let second = 0; second < 10; second++) {
      later(1_000);
      statuses.push((await callWith(busy, text)).status);
    }
    expect(statuses.at(-1)).toBe(401);
    expect(statuses.slice(statuses.indexOf(401)).every((status) => status === 401)).toBe(true);
    expect((await callWith(quiet, text)).status).toBe(401);
  });

  it("costs one question in 30 s, whatever the number of its calls", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    const { id, text } = await issue(isolate);
    expect((await callWith(isolate, text)).status).toBe(200);
    await adminCall(isolate, "RevokeKey", { id });
    later(11_000);
    expect((await callWith(isolate, text)).status).toBe(401);
    const questionsAbout = () => world.questions.filter(({ wanted }) => wanted.some((one) => one.id === id)).length;
    const before = questionsAbout();
    for (let call = 0; call < 1_000; call++) {
      if (call % 40 === 0) later(1_000); // 25 s
      expect((await callWith(isolate, text)).status).toBe(401);
    }
    expect(questionsAbout() - before).toBe(0);
    later(30_000);
    for (let call = 0; call < 100; call++) expect((await callWith(isolate, text)).status).toBe(401);
    expect(questionsAbout() - before).toBe(1);
  });
});

describe("a key that is rolled", () => {
  it("fails no call in the overlap, in isolates that hold the former one", async () => {
    const world = new KeyWorld();
    const isolates = [world.isolate(), world.isolate()];
    const { id, text } = await issue(isolates[0]!);
    for (const isolate of isolates) expect((await callWith(isolate, text)).status).toBe(200);
    const { body } = await adminCall(isolates[0]!, "RollKey", { id, overlapSeconds: 60 });
    const rolled = (body as unknown as { text: string }).text;
    for (let second = 0; second < 60; second++) {
      for (const isolate of isolates) for (const key of [text, rolled]) expect((await callWith(isolate, key)).status).toBe(200);
      later(1_000);
    }
    for (const isolate of isolates)
      expect([(await callWith(isolate, text)).status, (await callWith(isolate, rolled)).status]).toEqual([401, 200]);
  });

  it("without overlap ends its former secret within 10 s", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate();
    const { id, text } = await issue(isolate);
    await callWith(isolate, text);
    const { body } = await adminCall(isolate, "RollKey", { id });
    expect((await callWith(isolate, (body as unknown as { text: string }).text)).status).toBe(200);
    later(10_001);
    expect((await callWith(isolate, text)).status).toBe(401);
    const { length } = world.questions;
    for (let call = 0; call < 20; call++) expect((await callWith(isolate, text)).status).toBe(401);
    expect(world.questions.length - length).toBe(0); // a right tag, and a former secret: one question in 30 s
  });
});

describe("while the relay is away", () => {
  it.each(["isDown", "isHung"] as const)("cached keys count for a minute, then calls are refused as unavailable: %s", async (state) => {
    const world = new KeyWorld();
    const isolate = world.isolate({ waitMs: 20 });
    const [{ id, text }, cold] = [await issue(isolate), await issue(isolate)];
    expect((await callWith(isolate, text)).status).toBe(200);
    world[state] = true;
    await adminCall(isolate, "RevokeKey", { id });
    for (const ms of [10_001, 24_999, 24_999]) {
      later(ms);
      expect((await callWith(isolate, text)).status).toBe(200);
    }
    later(2);
    const { status, body } = await callWith(isolate, text);
    expect([status, body.code]).toEqual([503, "unavailable"]);
    expect((await callWith(isolate, cold.text)).status).toBe(503);
    expect((await callWith(isolate, `tg_test_${madeUp(16)}_${madeUp(40)}`)).status).toBe(401);
    world[state] = false;
    later(6_000);
    expect((await callWith(isolate, text)).status).toBe(401);
    expect((await callWith(isolate, cold.text)).status).toBe(200);
  });

  it.each([
    [20_000, 503],
    [40_000, 200],
  ])("cached keys count for maxStaleMs: %i ms, with a view of 30 s: %i", async (maxStaleMs, status) => {
    const world = new KeyWorld();
    const isolate = world.isolate({ waitMs: 20, maxStaleMs });
    const { text } = await issue(isolate);
    expect((await callWith(isolate, text)).status).toBe(200);
    world.isDown = true;
    later(30_000);
    expect((await callWith(isolate, text)).status).toBe(status);
  });

  it.each([
    [10_000, 1],
    [40_000, 0],
  ])("revocationMaxAgeMs of %i ms: with a view of 30 s, questions that a call waits for: %i", async (revocationMaxAgeMs, questions) => {
    const world = new KeyWorld();
    const isolate = world.isolate({ waitMs: 20, maxStaleMs: 60_000, revocationMaxAgeMs });
    const { text } = await issue(isolate);
    expect((await callWith(isolate, text)).status).toBe(200);
    world.isDown = true;
    const before = world.questions.length;
    later(30_000);
    expect((await callWith(isolate, text)).status).toBe(200);
    expect(world.questions.length - before).toBe(questions);
  });

  it("a call waits no longer than waitMs says", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate({ waitMs: 20 });
    const { text } = await issue(isolate);
    world.isHung = true;
    const startedAt = performance.now();
    expect((await callWith(isolate, text)).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(2_000); // the default of the setting
  });

  it("calls do not wait for one failing question after the other", async () => {
    const world = new KeyWorld();
    const isolate = world.isolate({ waitMs: 20 });
    const { text } = await issue(isolate);
    await callWith(isolate, text);
    world.isDown = true;
    later(20_000);
    const before = world.questions.length;
    for (let call = 0; call < 30; call++) {
      expect((await callWith(isolate, text)).status).toBe(200);
      later(100);
    }
    expect(world.questions.length - before).toBeLessThanOrEqual(4); // one that a call has waited for, and one a second
  });
});

it("settings that change are in effect within 10 s", async () => {
  const world = new KeyWorld();
  const isolate = world.isolate({}, { defaults: { auth: "required", scopes: ["a"] } });
  const { id, text } = await issue(isolate, { scopes: ["a"] });
  expect((await callWith(isolate, text)).status).toBe(200);
  await adminCall(isolate, "UpdateKey", { id, settings: { scopes: ["b"] }, updateMask: "scopes" });
  later(10_001);
  expect((await callWith(isolate, text)).status).toBe(403);
});

it("imported keys count by their prefix; one that is not there costs one question in 30 s", async () => {
  const world = new KeyWorld();
  const isolate = world.isolate({ importedPrefixes: ["sk_old_"] });
  const text = `sk_old_${madeUp(20)}`;
  const sha256 = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))));
  expect((await callWith(isolate, text)).status).toBe(401);
  const imported = await adminCall(isolate, "ImportKeys", { keys: [{ sha256, settings: { owner: "acme" } }] });
  expect(imported.body).toMatchObject({ keys: [{ isImported: true, settings: { owner: "acme" } }] });
  for (let call = 0; call < 10; call++) await callWith(isolate, text);
  expect(world.questions).toHaveLength(1);
  later(30_000);
  expect((await callWith(isolate, text)).status).toBe(200);
  expect((await callWith(world.isolate(), text)).status).toBe(401); // without the prefix it is no key
  expect((await adminCall(isolate, "ImportKeys", { keys: [{ sha256, settings: { owner: "acme" } }] })).status).toBe(200);
});

it("the last use is stored with an exchange", async () => {
  const world = new KeyWorld();
  const isolate = world.isolate();
  const { id, text } = await issue(isolate);
  vi.spyOn(Math, "random").mockReturnValue(0);
  for (let call = 0; call < 3; call++) {
    await callWith(isolate, text);
    later(10_000);
  }
  await vi.waitUntil(async () => "lastUseTime" in (await adminCall(isolate, "GetKey", { id })).body, { interval: 5, timeout: 60_000 });
});
