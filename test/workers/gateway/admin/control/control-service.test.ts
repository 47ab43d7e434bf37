// ControlService in the gateway: what is compiled before it is published, who may, what is recorded, and what the copy in KV has.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { hexOf, sha256 } from "../../../../../core/auth/sha256.ts";
import { type JsonObject, snapshotText } from "../../../../../core/control/snapshot.ts";
import { ControlService } from "../../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { readLiveCopy } from "../../../../../workers/gateway/control/live-copy.ts";
import { adminApp, LIST_AUDIT } from "../../../../support/admin-app.ts";

const SERVICE = "tidegate.control.v1.ControlService";
const CONFIGURATION: JsonObject = {
  services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
  admin: { secretBinding: "ADMIN_SECRET" },
  control: { kv: "CACHE" },
};
type Reply = Record<string, never> & { sequence?: string; version?: string };
let planes = 0;

beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));

function snapshot(configuration: JsonObject, layers: readonly string[] = []) {
  const text = snapshotText({ format: 1, configuration, descriptors: [], layers });
  return { digest: hexOf(sha256(new TextEncoder().encode(text))), text };
}

/** A gateway with versions of its own. */
function gateway(bindings: object = {}) {
  const plane = env.CONTROL_PLANE.getByName(`service-${planes++}-${crypto.randomUUID()}`);
  const call = adminApp(CONFIGURATION, { CONTROL_PLANE: { getByName: () => plane }, ...bindings });
  const named = (method: string, body: object, headers = {}) => call(`${SERVICE}/${method}`, body, headers);
  const sequence = async () => (await named("GetStatus", {})).body["sequence"] ?? "0";
  const publish = async (configuration: JsonObject, fields: object = {}) =>
    named("Publish", { snapshot: snapshot(configuration), expectedSequence: await sequence(), reason: "because", ...fields });
  return { call, named, publish, sequence };
}

const longer = (ms: number): JsonObject => ({ ...CONFIGURATION, defaults: { readTimeoutMs: ms } });

describe("Publish", () => {
  it("makes a version live, which status, list and audit show", async () => {
    const { call, named, publish } = gateway();
    const { status, body } = await publish(longer(2_000), {});
    expect([status, body]).toMatchObject([200, { version: "1", sequence: expect.any(String) }]);
    const live = (await named("GetStatus", {})).body["live"];
    expect(live).toMatchObject({ version: "1", author: "ADMIN_SECRET", reason: "because", digest: snapshot(longer(2_000)).digest });
    expect((await named("ListVersions", {})).body).toMatchObject({
      versions: [{ version: "1" }],
      changes: [{ kind: "CHANGE_KIND_PUBLISH" }],
    });
    expect((await named("GetVersion", { version: "1" })).body["snapshot"]).toEqual(snapshot(longer(2_000)));
    const { events } = (await call(LIST_AUDIT, {})).body;
    expect(events).toMatchObject([
      { route: `${SERVICE}/Publish`, subject: expect.stringMatching(/^publish version 1, sequence \d+: because$/) },
    ]);
  });

  it.each([
    {
      name: "an unknown service",
      configuration: { ...CONFIGURATION, services: { "no.Such": { upstream: { binding: "USERS" } } } },
      path: 'services["no.Such"]',
    },
    {
      name: "a missing binding",
      configuration: { ...CONFIGURATION, services: { "users.v1.UserService": { upstream: { binding: "NOWHERE" } } } },
      path: 'services["users.v1.UserService"].upstream',
    },
    { name: "a missing secret", configuration: { ...CONFIGURATION, admin: { secretBinding: "OTHER" } }, path: "admin.secretBinding" },
    { name: "no control plane", configuration: { services: CONFIGURATION["services"]!, admin: CONFIGURATION["admin"]! }, path: "control" },
    {
      name: "another jurisdiction",
      configuration: { ...CONFIGURATION, durableObjects: { jurisdiction: "eu" } },
      path: "durableObjects.jurisdiction",
    },
    { name: "settings that are none", configuration: { ...CONFIGURATION, defaults: { readTimeout: 5 } }, path: "defaults.readTimeout" },
  ] as { name: string; configuration: JsonObject; path: string }[])(
    "refuses $name, with path and fix, and publishes nothing",
    async ({ configuration, path }) => {
      const { named, publish } = gateway();
      const { status, body } = await publish(configuration);
      expect([status, body["code"]]).toEqual([400, "invalid_argument"]);
      expect(String(body["message"])).toContain(`${path}: `);
      expect(JSON.stringify(body["details"])).toContain("ConfigurationProblems");
      expect((await named("GetStatus", {})).body["live"]).toBeUndefined();
    },
  );

  it("reports all problems at once", async () => {
    const { publish } = gateway();
    const { body } = await publish({ ...CONFIGURATION, defaults: { readTimeoutMs: -1, maxBodyBytes: -1 } });
    expect(String(body["message"])).toContain("defaults.readTimeoutMs");
    expect(String(body["message"])).toContain("defaults.maxBodyBytes");
  });

  it("refuses text that its digest does not belong to", async () => {
    const { named } = gateway();
    const body = { snapshot: { ...snapshot(longer(1)), text: snapshot(longer(2)).text }, reason: "because" };
    expect(await named("Publish", body)).toMatchObject({ status: 400, body: { message: expect.stringContaining("SHA-256") } });
  });

  it("only validates where nothing else is wanted", async () => {
    const { named, publish } = gateway();
    expect((await publish(longer(2_000), { validateOnly: true })).body).toEqual({});
    expect((await publish({ ...CONFIGURATION, defaults: { readTimeoutMs: -1 } }, { validateOnly: true })).status).toBe(400);
    expect((await named("ListVersions", {})).body).toEqual({});
  });

  it("has one winner of concurrent ones; the others learn who won, and that nothing was changed", async () => {
    const { named, sequence } = gateway();
    const expectedSequence = await sequence();
    const publish = (n: number) =>
      named(
        "Publish",
        { snapshot: snapshot(longer(1_000 + n)), expectedSequence, reason: `change ${n}` },
        { "tidegate-operator": `op-${n}` },
      );
    const replies = await Promise.all(Array.from({ length: 6 }, (_, n) => publish(n)));
    const won = replies.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const author = (await named("GetStatus", {})).body["live"] as unknown as { author: string; reason: string };
    for (const { status, body } of replies.filter((reply) => reply.status !== 200)) {
      expect([status, body["code"]]).toEqual([409, "aborted"]);
      expect(String(body["message"])).toContain(`by ${author.author} (publish of version 1, "${author.reason}")`);
      expect(JSON.stringify(body["details"])).toContain("ChangeConflict");
    }
  });

  it("takes a reason, and refuses a change without one", async () => {
    const { publish } = gateway();
    expect(await publish(longer(2_000), { reason: " " })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("reason") },
    });
  });
});

describe("canary, promotion and rollback", () => {
  it("go through the states, each under a higher sequence", async () => {
    const { named, publish, sequence } = gateway();
    await publish(longer(1_000));
    const { body: canary } = await publish(longer(2_000), { canary: { percent: 5 } });
    expect((await named("GetStatus", {})).body).toMatchObject({ live: { version: "1" }, canary: { version: "2" }, share: { percent: 5 } });
    const change = async (method: string, fields = {}) =>
      (await named(method, { expectedSequence: await sequence(), reason: "because", ...fields })).body as unknown as { change: Reply };
    expect(await change("Promote", { canary: { percent: 20, region: "weur" } })).toMatchObject({ change: { kind: "CHANGE_KIND_CANARY" } });
    expect(await change("Promote")).toMatchObject({ change: { kind: "CHANGE_KIND_PROMOTE", version: "2" } });
    const back = await change("Rollback");
    expect(back).toMatchObject({ change: { kind: "CHANGE_KIND_ROLLBACK", version: "1" } });
    expect(Number(back.change.sequence)).toBeGreaterThan(Number(canary["sequence"]));
    await publish(longer(3_000), { canary: { percent: 5 } });
    expect(await change("AbortCanary")).toMatchObject({ change: { kind: "CHANGE_KIND_ABORT", version: "3" } });
    expect(await change("Rollback", { version: "0" })).toMatchObject({ change: { kind: "CHANGE_KIND_ROLLBACK" } });
    expect((await named("GetStatus", {})).body["live"]).toBeUndefined();
  });

  it.each([
    { method: "Promote", problem: "no canary is running" },
    { method: "AbortCanary", problem: "no canary is running" },
    { method: "Rollback", problem: "nothing has been published" },
  ])("$method says what is missing", async ({ method, problem }) => {
    const { named } = gateway();
    const reply = await named(method, { reason: "because" });
    expect(reply).toMatchObject({ status: 400, body: { code: "failed_precondition", message: expect.stringContaining(problem) } });
  });

  it("refuses a share or a region that is none", async () => {
    const { publish } = gateway();
    expect((await publish(longer(1), { canary: { percent: 500 } })).body["message"]).toContain("500 %");
    expect((await publish(longer(1), { canary: { percent: 5, region: "mars" } })).body["message"]).toContain("mars");
  });
});

it("lets viewers read, operators change, and strangers neither", async () => {
  const KEYS = { auth: { keys: { env: "test", tagSecrets: ["TAGS"] } } };
  const plane = env.CONTROL_PLANE.getByName(`roles-${crypto.randomUUID()}`);
  const bindings = { CONTROL_PLANE: { getByName: () => plane }, TAGS: "a secret of thirty-two characters" };
  const call = adminApp({ ...CONFIGURATION, ...KEYS }, bindings);
  const keyOf = async (scope: string) => {
    const { body } = await call("tidegate.keys.v1.KeyService/IssueKey", { settings: { owner: "acme", scopes: [scope] } });
    return { authorization: `Bearer ${JSON.stringify(body).match(/tg_test_\w+/)![0]}` };
  };
  const because = { reason: "because", expectedSequence: "0" };
  const reads: [string, object][] = [
    ["GetStatus", {}],
    ["ListVersions", {}],
  ];
  const changes: [string, object][] = [
    ["Publish", { ...because, snapshot: snapshot({ ...longer(2_000), ...KEYS }) }],
    ["Promote", because],
    ["AbortCanary", because],
    ["Rollback", because],
  ];
  const statuses = async (headers: { authorization: string }, calls: [string, object][]) => {
    const all: number[] = [];
    for (const [method, message] of calls) all.push((await call(`${SERVICE}/${method}`, message, headers)).status);
    return all;
  };
  expect(reads.length + changes.length + 1, "all methods but GetVersion").toBe(ControlService.methods.length);
  const [viewer, operator] = [await keyOf("admin:viewer"), await keyOf("admin:operator")];
  expect([await statuses(viewer, reads), await statuses(viewer, changes)]).toEqual([
    [200, 200],
    [403, 403, 403, 403],
  ]);
  expect(await statuses({ authorization: "Bearer wrong" }, [...reads, ...changes])).toEqual([401, 401, 401, 401, 401, 401]);
  expect((await statuses(operator, changes))[0]).toBe(200);
  expect((await call(`${SERVICE}/GetVersion`, { version: "1" }, viewer)).status).toBe(200);
});

it("is unavailable while the object cannot be reached, and publishes nothing", async () => {
  const broken = { status: () => Promise.reject(new Error("gone")), publish: () => Promise.reject(new Error("gone")) };
  const { named } = gateway({ CONTROL_PLANE: { getByName: () => broken } });
  const reply = await named("Publish", { snapshot: snapshot(longer(1)), reason: "because" });
  expect(reply).toMatchObject({ status: 503, body: { code: "unavailable" } });
});

it("copies what is live to KV, also after a rollback", async () => {
  const { named, publish, sequence } = gateway();
  const copied = () => vi.waitFor(async () => (await readLiveCopy(env.CACHE as never))!, { timeout: 30_000 });
  const { body } = await publish(longer(7_000));
  await vi.waitUntil(async () => (await copied()).sequence === Number(body["sequence"]), { timeout: 30_000 });
  expect(await copied()).toMatchObject({ version: 1, snapshot: { ...snapshot(longer(7_000)), descriptors: {} } });
  await named("Rollback", { expectedSequence: await sequence(), reason: "because" });
  await vi.waitUntil(async () => (await copied()).version === 0, { timeout: 30_000 });
  expect((await copied()).snapshot).toBeUndefined();
});
