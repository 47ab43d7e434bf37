// The admin plane: which credential has which role, at which host, and what of it is recorded.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { KeyService } from "../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { InvalidConfiguration } from "../../workers/gateway/configure/configuration.ts";
import { ADMIN_SECRET, adminApp, LIST_AUDIT, PURGE } from "../support/admin-app.ts";
import { AUTH, bearer } from "../support/callers.ts";

vi.spyOn(console, "warn").mockImplementation(() => undefined);
const KEYS = { env: "test", tagSecrets: ["TAGS"] };
const TAGS = "a secret of thirty-two characters";
const ISSUE = "tidegate.keys.v1.KeyService/IssueKey";
const PURGE_A = { targets: [{ tag: "a" }] };

function plane(input: object = {}) {
  return adminApp({ auth: { ...AUTH, keys: KEYS }, ...input }, { TAGS });
}
async function keyWith(call: ReturnType<typeof plane>, ...scopes: string[]) {
  const { status, body } = await call(ISSUE, { settings: { owner: "acme", scopes } });
  expect(status, JSON.stringify(body)).toBe(200);
  const key = JSON.stringify(body).match(/tg_test_\w+/)![0];
  return { authorization: `Bearer ${key}` };
}
const TEAM = "https://acme.cloudflareaccess.com";
const access = await generateKeyPair("RS256", { extractable: true });
const ACCESS = { team: "acme", audiences: ["tag"], jwks: { keys: [{ ...(await exportJWK(access.publicKey)), kid: "k", alg: "RS256" }] } };

function assertionOf(claims: object, key = access.privateKey): Promise<string> {
  const payload = { iss: TEAM, aud: ["tag"], exp: 4_102_444_800, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: "k" }).sign(key);
}

let addresses = 0;
/** Of another network each time: failures of one do not hold back the next. */
const address = () => ({ "cf-connecting-ip": `10.1.${addresses++}.7` });

/** The id of the key in a header. */
const idOf = ({ authorization }: { readonly authorization: string }) => authorization.split("_")[2]!;

describe("the role of a credential", () => {
  it("of a key is that of its scope: viewers list, operators change, admins give access", async () => {
    const call = plane();
    const viewer = await keyWith(call, "admin:viewer");
    const operator = await keyWith(call, "admin:operator");
    const admin = await keyWith(call, "admin:admin");
    const statuses = async (headers: Record<string, string>) => [
      (await call(LIST_AUDIT, {}, headers)).status,
      (await call(PURGE, PURGE_A, headers)).status,
      (await call(ISSUE, { settings: { owner: "acme" } }, headers)).status,
    ];
    expect([await statuses(viewer), await statuses(operator), await statuses(admin)]).toEqual([
      [200, 403, 403],
      [200, 200, 403],
      [200, 200, 200],
    ]);
    const { events } = (await call(LIST_AUDIT, { outcome: "AUDIT_OUTCOME_CHANGED" })).body;
    expect(new Set(events.map(({ role, identity }) => `${role} ${identity!.split(":")[0]}`))).toEqual(
      new Set(["admin secret", "operator key", "admin key"]),
    );
  });

  it("is none for keys of callers, and for tokens of issuers, whatever their scopes; the denial is recorded", async () => {
    const call = plane();
    const key = await keyWith(call, "users.read");
    expect(await call(PURGE, PURGE_A, key)).toMatchObject({ status: 403, body: { code: "permission_denied" } });
    expect((await call(PURGE, PURGE_A, await bearer("ada", { scope: "admin:admin" }))).status).toBe(403);
    await vi.waitFor(async () => {
      const { events } = (await call(LIST_AUDIT, { outcome: "AUDIT_OUTCOME_DENIED" })).body;
      expect(events[0]).toMatchObject({ identity: expect.stringMatching(/^key:/), route: PURGE });
    });
  });

  it("is needed: nothing, a wrong secret and a forged token are unauthenticated", async () => {
    const call = plane();
    for (const authorization of [undefined, "Bearer x", `Bearer ${ADMIN_SECRET}x`, `Basic ${btoa(ADMIN_SECRET)}`, ADMIN_SECRET])
      expect((await call(PURGE, PURGE_A, { authorization, "cf-connecting-ip": `192.0.2.${Math.floor(Math.random() * 200)}` })).status).toBe(
        401,
      );
  });
});

describe("a caller that Cloudflare Access has proven", () => {
  const roles = { "Ada@Example.com": "admin", "ops@example.com": "operator", [`${TEAM}#view`]: "viewer" };
  const behindAccess = (more: object = {}) =>
    plane({ auth: { access: ACCESS, keys: KEYS }, admin: { secretBinding: "ADMIN_SECRET", roles, ...more } });
  const EDGE = { colo: "AMS" };
  /** The statuses of a call for each role. */
  async function statusesOf(call: ReturnType<typeof plane>, assertion: string, headers: object = {}, cf: object | undefined = EDGE) {
    const sent = { authorization: undefined, "cf-access-jwt-assertion": assertion, ...headers };
    const calls: [string, object][] = [
      [LIST_AUDIT, {}],
      [PURGE, PURGE_A],
      [ISSUE, { settings: { owner: "acme" } }],
    ];
    const statuses: number[] = [];
    for (const [method, message] of calls) statuses.push((await call(method, message, sent, "gateway.example", cf)).status);
    return statuses;
  }

  it("has the role that is written for its address or its id, and its changes are recorded by its id", async () => {
    const call = behindAccess();
    expect(await statusesOf(call, await assertionOf({ sub: "ada", email: "ADA@example.com" }))).toEqual([200, 200, 200]);
    expect(await statusesOf(call, await assertionOf({ sub: "ops", email: "ops@example.com" }))).toEqual([200, 200, 403]);
    expect(await statusesOf(call, await assertionOf({ sub: "view", email: "view@example.com" }))).toEqual([200, 403, 403]);
    const { events } = (await call(LIST_AUDIT, { outcome: "AUDIT_OUTCOME_CHANGED" })).body;
    expect(events.map(({ role, identity, route }) => [role, identity, route])).toEqual([
      ["operator", `${TEAM}#ops`, PURGE],
      ["admin", `${TEAM}#ada`, ISSUE],
      ["admin", `${TEAM}#ada`, PURGE],
    ]);
  });

  it("has none without an entry: Access lets in more people than admins", async () => {
    const call = behindAccess();
    expect(await statusesOf(call, await assertionOf({ sub: "eve", email: "eve@example.com" }))).toEqual([403, 403, 403]);
    expect(await statusesOf(call, await assertionOf({ sub: "eve", email: "ada@example.com.evil.example" }))).toEqual([403, 403, 403]);
  });

  it("is not proven by an assertion of another application, team or key, one that is over, or one that did not come through the edge", async () => {
    const call = behindAccess();
    const ada = { sub: "ada", email: "ada@example.com" };
    const other = await generateKeyPair("RS256");
    for (const assertion of [
      await assertionOf({ ...ada, aud: ["other"] }),
      await assertionOf({ ...ada, iss: "https://evil.cloudflareaccess.com" }),
      await assertionOf({ ...ada, exp: 1_000_000_000 }),
      await assertionOf(ada, other.privateKey),
      "x",
    ])
      expect(await statusesOf(call, assertion, address())).toEqual([401, 401, 401]);
    const right = await assertionOf(ada);
    for (const cf of [undefined, {}, { colo: "" }]) expect(await statusesOf(call, right, address(), cf ?? {})).toEqual([401, 401, 401]);
    expect(await statusesOf(call, right, { authorization: `Bearer ${right}`, "cf-access-jwt-assertion": undefined, ...address() })).toEqual(
      [401, 401, 401],
    );
    expect(await statusesOf(call, right)).toEqual([200, 200, 200]);
  });

  it("is refused on a page of another origin, whose cookies its browser sends", async () => {
    const call = behindAccess();
    const ada = await assertionOf({ sub: "ada", email: "ada@example.com" });
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.example" }])
      expect(await statusesOf(call, ada, headers)).toEqual([403, 403, 403]);
  });
});

describe("KeyService, with the secret of admins and no token of its own", () => {
  it("lists and verifies for viewers, and changes keys for admins alone", async () => {
    const call = plane({ auth: { keys: { ...KEYS, importedPrefixes: ["sk_"] } } });
    const [viewer, operator, admin] = [
      await keyWith(call, "admin:viewer"),
      await keyWith(call, "admin:operator"),
      await keyWith(call, "admin:admin"),
    ];
    const issued = await call(ISSUE, { settings: { owner: "acme" } }, admin);
    const { id, createdBy } = (issued.body as unknown as { key: { id: string; createdBy: string } }).key;
    expect(createdBy).toBe(`key:${idOf(admin)}`);
    const sha256 = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
    const reads: [string, object][] = [
      ["GetKey", { id }],
      ["ListKeys", { owner: "acme" }],
      ["VerifyKey", { text: issued.body["text"] }],
    ];
    const changes: [string, object][] = [
      ["IssueKey", { settings: { owner: "other" } }],
      ["ImportKeys", { keys: [{ sha256, settings: { owner: "acme" } }] }],
      ["UpdateKey", { id, settings: { plan: "pro" }, updateMask: "plan" }],
      ["RollKey", { id }],
      ["RevokeKey", { id }],
    ];
    expect(reads.length + changes.length, "all methods of the service").toBe(KeyService.methods.length);
    const statuses = (headers: Record<string, string>, calls: [string, object][]) =>
      Promise.all(calls.map(async ([method, message]) => (await call(`${KeyService.typeName}/${method}`, message, headers)).status));
    expect(await statuses(viewer, reads)).toEqual([200, 200, 200]);
    for (const headers of [viewer, operator, { authorization: "Bearer no such key" }])
      expect((await statuses(headers, changes)).filter((status) => status !== 403 && status !== 401)).toEqual([]);
    for (const one of changes) expect([one[0], ...(await statuses(admin, [one]))]).toEqual([one[0], 200]);

    const { events } = (await call(LIST_AUDIT, { outcome: "AUDIT_OUTCOME_CHANGED" })).body;
    const byKey = events.filter(({ identity }) => identity === `key:${idOf(admin)}`).map(({ route, role }) => `${role} ${route}`);
    const routes = ["IssueKey", ...changes.map(([method]) => method)].map((method) => `admin ${KeyService.typeName}/${method}`);
    expect(byKey).toEqual(routes.toReversed());
    expect(events.at(-1), "by the secret, which issued the first key").toMatchObject({ identity: "secret:ADMIN_SECRET", route: ISSUE });
    expect(JSON.stringify(events)).not.toContain(String(issued.body["text"]).slice(-40));
  });

  it("is not served without any credential for it", async () => {
    const call = plane({ admin: undefined, purge: undefined });
    expect((await call(ISSUE, { settings: { owner: "acme" } })).status).toBe(404);
  });
});

describe("the host of the admin plane", () => {
  it("is the only one at which admin services are there", async () => {
    const call = plane({ admin: { secretBinding: "ADMIN_SECRET", host: "Admin.Example" } });
    expect((await call(LIST_AUDIT, {}, {}, "admin.example")).status).toBe(200);
    for (const host of ["gateway.example", "admin.example.evil.example", "x.admin.example"])
      expect((await call(LIST_AUDIT, {}, {}, host)).status).toBe(404);
  });

  it("is required beside plain HTTP, whose upstreams may send pages", () => {
    const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
    expect(() => plane({ httpRoutes })).toThrow(/admin\.host: found none beside httpRoutes \/files\//);
    expect(() => plane({ httpRoutes, admin: { secretBinding: "ADMIN_SECRET", host: "admin.example" } })).not.toThrow();
  });
});

it("needs a secret of at least 32 characters, and its object", () => {
  const admin = { admin: { secretBinding: "ADMIN_SECRET" } };
  expect(() => adminApp(admin, { ADMIN_SECRET: "x".repeat(31) })).toThrow(/admin\.secretBinding: found a shorter secret/);
  expect(() => adminApp(admin, { ADMIN_SECRET: "x".repeat(32) })).not.toThrow();
  expect(() => adminApp(admin, { AUDIT_LOG: undefined })).toThrow(/admin: found no binding AUDIT_LOG/);
  expect(() => adminApp({ admin: undefined })).toThrow(InvalidConfiguration);
});

it("has a limit of its own for each known caller", async () => {
  const call = plane();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  const statuses: number[] = [];
  for (let n = 0; n < 6; n++)
    statuses.push(...(await Promise.all(Array.from({ length: 20 }, async () => (await call(LIST_AUDIT, {})).status))));
  vi.useRealTimers();
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 429).length]).toEqual([100, 20]);
});
