// The table of attacks on identity, through a gateway: each ends as it has to, and reaches no upstream.
import { env } from "cloudflare:workers";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../../workers/gateway/app.ts";
import { ATTACKS, KINDS } from "../support/attacks/attacks.ts";
import { claims, forged, LAB_AUTH, RSA_JWK, RSA_PEM, STRANGER_JWK, signedBy } from "../support/attacks/lab.ts";
import { AUDIENCE, ISSUER, idOf } from "../support/callers.ts";
import { json, USER } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";

const seen: Request[] = [];
const USERS = {
  fetch: async (url: string, init: RequestInit) => {
    seen.push(new Request(url, init));
    return json(USER);
  },
};
const config = {
  auth: { ...LAB_AUTH, keys: { env: "test", tagSecrets: ["TAGS"], header: "x-api-key" }, identity: {} },
  services: {
    "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: { auth: "required" }, ListUsers: { auth: "off" } } },
  },
};
const app = createApp(config as never, catalog, { ...env, USERS, TAGS: "a secret of thirty-two characters" } as never);
let addresses = 0;

/** Each call comes from another address: attacks before it do not count against it. */
function call(headers: Readonly<Record<string, string>>, path = "/users.v1.UserService/GetUser"): Promise<Response> {
  const address = { "cf-connecting-ip": `2001:db8:${(++addresses).toString(16)}::1` };
  const init = { method: "POST", body: "{}", headers: { "content-type": "application/json", ...address, ...headers } };
  return Promise.resolve(app.fetch(new Request(`https://gateway.example${path}`, init)));
}

const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
const fetched = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("nothing is fetched"));
beforeEach(() => {
  seen.length = 0;
  warn.mockClear();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2_000 }); // log records are sampled by the second
});
afterAll(() => vi.useRealTimers());
const reasons = () =>
  warn.mock.calls
    .map(([line]) => JSON.parse(String(line)) as { event: string; reason?: string })
    .filter(({ event }) => event === "auth_refused");

it("has at least 60 attacks, and four of each kind", () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(60);
  expect(KINDS.filter((kind) => ATTACKS.filter((one) => one.kind === kind).length < 4)).toEqual([]);
});

it("begins with a call that passes", async () => {
  expect((await call({ authorization: `Bearer ${await signedBy()}` })).status).toBe(200);
  expect(seen).toHaveLength(1);
});

describe.each(KINDS)("%s", (kind) => {
  it.each(ATTACKS.filter((one) => one.kind === kind))("$name", async ({ build, reason }) => {
    const headers = await build();
    const response = await call(headers);
    if (reason === "passes") {
      expect(response.status).toBe(200);
      const { authorization: _, ...others } = headers;
      const received = seen[0]!.headers;
      for (const [name, value] of Object.entries({ ...others, authorization: headers["authorization"]! }))
        expect(received.get(name)).not.toBe(value);
      const stated = JSON.parse(atob(received.get("tidegate-identity")!)) as { sub: string };
      expect(stated.sub).toBe(idOf("ada"));
      return;
    }
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "unauthenticated", message: "valid credentials are required" });
    expect(reasons().map((record) => record.reason)).toEqual([reason]);
    expect(seen).toEqual([]);
    expect(fetched).not.toHaveBeenCalled();
  });
});

/** Status of a call with each of the tokens. */
const statuses = (tokens: readonly Promise<string>[], scheme = "Bearer") =>
  Promise.all(tokens.map(async (token) => (await call({ authorization: `${scheme} ${await token}` })).status));
const now = () => Math.floor(Date.now() / 1_000);

describe("the faults of the list", () => {
  it("A01 alg none, in any letters", async () => {
    for (const alg of ["none", "NoNe", "NONE", "nOnE"])
      expect(await statuses([forged({ alg, typ: "JWT", kid: "rsa-1" }, claims(), undefined)])).toEqual([401]);
  });

  it("A02 HS256 with the public key as its secret", async () => {
    for (const hmac of [RSA_PEM, RSA_PEM.trim(), JSON.stringify(RSA_JWK), String(RSA_JWK.n)])
      expect(await statuses([forged({ alg: "HS256", typ: "JWT", kid: "rsa-1" }, claims(), { hmac })])).toEqual([401]);
  });

  it("A04 keys that a token brings are ignored: those of the issuer verify it, and nothing is fetched", async () => {
    const header = { jku: "https://evil.example/jwks.json", x5u: "https://evil.example/cert.pem", jwk: STRANGER_JWK };
    expect(
      await statuses([signedBy(header), forged({ alg: "ES256", typ: "JWT", kid: "test-1", ...header }, claims(), "stranger")]),
    ).toEqual([200, 401]);
    expect(fetched).not.toHaveBeenCalled();
  });

  it("A05 a token without exp, or with one that is no time", async () => {
    for (const exp of [undefined, null, "4102444800", Number.MAX_VALUE, -1]) expect(await statuses([signedBy({}, { exp })])).toEqual([401]);
  });

  it("A06 over for 30 s, valid in 60 s, and 3 s of skew", async () => {
    expect(
      await statuses([signedBy({}, { exp: now() - 30 }), signedBy({}, { nbf: now() + 60 }), signedBy({}, { exp: now() - 3 })]),
    ).toEqual([401, 401, 200]);
  });

  it("A07 another issuer, audience or scheme", async () => {
    expect(
      await statuses([signedBy({}, { iss: "https://evil.example" }), signedBy({}, { aud: "other" }), signedBy({}, { aud: undefined })]),
    ).toEqual([401, 401, 401]);
    for (const scheme of ["Token", "Basic", "JWT", "DPoP"]) expect(await statuses([signedBy()], scheme)).toEqual([401]);
    expect(await statuses([signedBy()], "bearer")).toEqual([200]); // RFC 9110, section 11.1: in any letters
  });

  it("A09 keys that are made up, long, or of other characters have one refusal", async () => {
    const body = '{"code":"unauthenticated","message":"valid credentials are required"}';
    for (const key of [`tg_test_${"A".repeat(56)}`, `tg_test_${"A".repeat(30_000)}`, "tg_test_Å", "tg_", "x"]) {
      const response = await call({ "x-api-key": key });
      expect([response.status, await response.text()]).toEqual([401, body]);
    }
  });
});

describe("classes of faults that other gateways had", () => {
  it("credentials forwarded when authentication is skipped: they end at the gateway", async () => {
    const headers = { authorization: `Bearer ${await signedBy()}`, "x-api-key": "secret", cookie: "a=1; CF_Authorization=secret; b=2" };
    expect((await call(headers, "/users.v1.UserService/ListUsers")).status).toBe(200);
    const { headers: received } = seen[0]!;
    expect([received.get("authorization"), received.get("x-api-key"), received.get("cookie")]).toEqual([null, null, "a=1; b=2"]);
  });

  it("path normalised after authorization: no spelling of a method is another route", async () => {
    for (const path of [
      "/users.v1.UserService/./GetUser",
      "//users.v1.UserService/GetUser",
      "/users.v1.UserService/GetUser/",
      "/users.v1.UserService/%47etUser/..;/GetUser",
    ])
      expect((await call({}, path)).status).toBeGreaterThanOrEqual(400);
    expect((await call({}, "/users.v1.UserService/%47etUser")).status).toBe(401); // the same method
    expect(seen).toEqual([]);
  });

  it("key comparison by prefix, key set amplification: made-up tokens and keys cause no fetch and no call of an object", async () => {
    const objects = vi.spyOn(env.KEY_STORE, "getByName");
    for (let n = 0; n < 50; n++) await call({ authorization: `Bearer ${await signedBy({ kid: `made-up-${n}` })}` });
    for (let n = 0; n < 50; n++) await call({ "x-api-key": `tg_test_ABCDEFGHIJKLMNOP_${"a".repeat(32)}${String(n).padStart(8, "0")}` });
    expect([fetched.mock.calls.length, objects.mock.calls.length]).toEqual([0, 0]);
    expect(seen).toEqual([]);
  });

  it.each<[string, () => Response]>([
    ["with an error", () => new Response("{}", { status: 500 })],
    ["with a page", () => new Response("<html>please log in</html>", { headers: { "content-type": "text/html" } })],
    ["with a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example/" } })],
    ["in the name of another issuer", () => json({ issuer: ISSUER, jwks_uri: "https://evil.example/keys" })],
    ["with keys in place of metadata", () => json({ keys: [RSA_JWK] })],
  ])(
    "discovery failures masked: an issuer that responds %s makes its callers unavailable, never anonymous or those of another",
    async (_, respond) => {
      const issuer = `https://${crypto.randomUUID()}.example`;
      const requested: string[] = [];
      fetched.mockImplementation(async (input) => {
        requested.push(String(input));
        return String(input).endsWith("/keys") ? json({ keys: [RSA_JWK] }) : respond();
      });
      const { "users.v1.UserService": users } = config.services;
      const services = { "users.v1.UserService": { ...users, methods: { ...users.methods, ListUsers: { auth: "optional" } } } };
      const auth = { issuers: { ...LAB_AUTH.issuers, [issuer]: { audiences: [AUDIENCE] } } };
      const other = createApp({ auth, services } as never, catalog, { ...env, USERS } as never);
      const statusOf = async (token: string | undefined, method: string) => {
        const headers = { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) };
        const url = `https://gateway.example/users.v1.UserService/${method}`;
        return (await other.fetch(new Request(url, { method: "POST", body: "{}", headers }))).status;
      };
      const token = await signedBy({}, { iss: issuer }); // with a key that another issuer has
      expect([await statusOf(token, "GetUser"), await statusOf(token, "ListUsers")]).toEqual([503, 503]);
      expect(seen).toEqual([]);
      expect(reasons().map(({ reason }) => reason)).toContain("jwt_keys_unavailable");
      expect(new Set(requested), "neither what a redirect names, nor keys of another issuer").toEqual(
        new Set([`${issuer}/.well-known/openid-configuration`]),
      );
      expect([await statusOf(await signedBy(), "GetUser"), await statusOf(undefined, "ListUsers")], "others are served").toEqual([
        200, 200,
      ]);
    },
  );
});
