// Callers behind Cloudflare Access: by the platform, else by a verified assertion of a request from the edge.
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp, type PlatformContext } from "../../../../workers/gateway/app.ts";
import { AUTH, bearer, ISSUER } from "../../../support/callers.ts";
import { userFor } from "../../../support/gateway.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const TEAM = "https://acme.cloudflareaccess.com";
const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kty: "RSA", kid: "k", alg: "RS256" };
const ACCESS = { team: "acme", audiences: ["tag"], jwks: { keys: [jwk] } };
const SECONDS = Math.floor(Date.now() / 1_000);

afterEach(() => void vi.restoreAllMocks());

const assertion = (claims: object = {}, alg = "RS256") =>
  new SignJWT({ iss: TEAM, aud: ["tag"], sub: "u1", email: "ada@example.com", exp: SECONDS + 600, ...claims })
    .setProtectedHeader({ alg, kid: "k" })
    .sign(privateKey);

/** A gateway that needs a principal, limited by it: `id` of the last caller is in the name of the bucket. */
function gateway(auth: object = { access: ACCESS }) {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const USERS = { fetch: (url: string, init: RequestInit) => Promise.resolve(userFor(new Request(url, init))) };
  const rateLimits = { own: { capacity: 1, rate: 1, intervalMs: 600_000, mode: "local" as const, key: "principal" as const } };
  const app = createApp(
    {
      auth,
      rateLimits,
      defaults: { auth: "required", rateLimits: ["own"] },
      services: { "users.v1.UserService": { upstream: { binding: "USERS" } } },
    },
    catalog,
    { USERS, TOKEN_BUCKET: env.TOKEN_BUCKET } as never,
  );
  return async (headers: Record<string, string>, ctx: PlatformContext = {}, cf: object | null = { colo: "AMS" }, method = "POST") => {
    const init = {
      method,
      headers: { "content-type": "application/json", ...headers },
      body: method === "POST" ? "{}" : null,
      ...(cf && { cf }),
    };
    const path = method === "POST" ? "users.v1.UserService/GetUser" : "api/v1/users/x";
    return (await app.fetch(new Request(`https://gateway.example/${path}`, init as RequestInit), ctx)).status;
  };
}

const asserted = async (claims: object = {}) => ({ "cf-access-jwt-assertion": await assertion(claims) });

describe("the assertion in the header", () => {
  it("proves its caller, by user", async () => {
    const call = gateway();
    expect([await call(await asserted()), await call(await asserted({ jti: "2" })), await call(await asserted({ sub: "u2" }))]).toEqual([
      200, 429, 200,
    ]);
  });

  it("proves the client of a service token, which no user can be", async () => {
    const call = gateway();
    const service = { sub: "", common_name: "u1" };
    expect([await call(await asserted()), await call(await asserted(service)), await call(await asserted(service))]).toEqual([
      200, 200, 429,
    ]);
  });

  it("counts only on requests from the edge", async () => {
    const call = gateway();
    expect([
      await call(await asserted(), {}, null),
      await call(await asserted(), {}, {}),
      await call(await asserted(), {}, { colo: "" }),
    ]).toEqual([401, 401, 401]);
    expect(await call(await asserted())).toBe(200);
  });

  it.each([
    ["of another application", { aud: ["other"] }],
    ["of another team", { iss: "https://evil.cloudflareaccess.com" }],
    ["that is over", { exp: SECONDS - 60 }],
    ["without a user", { sub: undefined }],
  ])("refuses one %s", async (_, claims) => expect(await gateway()(await asserted(claims))).toBe(401));

  it("refuses what is none, or signed by another key", async () => {
    const call = gateway();
    const other = await generateKeyPair("RS256");
    const forged = await new SignJWT({ iss: TEAM, aud: ["tag"], sub: "u1", exp: SECONDS + 600 })
      .setProtectedHeader({ alg: "RS256", kid: "k" })
      .sign(other.privateKey);
    for (const text of ["x", "", "a.b.c", forged, forged.replace(/[^.]*$/, "")])
      expect(await call({ "cf-access-jwt-assertion": text })).toBe(401);
  });

  it("stands for HEAD requests, too", async () => expect(await gateway()(await asserted(), {}, { colo: "AMS" }, "HEAD")).toBe(200));

  it("beside another credential is one too many; where Access is not configured it is nothing", async () => {
    expect(await gateway({ ...AUTH, access: ACCESS })({ ...(await asserted()), ...(await bearer("ada")) })).toBe(401);
    expect(await gateway(AUTH)({ ...(await asserted()), ...(await bearer("ada")) })).toBe(200);
    expect([ISSUER, await gateway(AUTH)(await asserted())]).toEqual([ISSUER, 401]);
  });
});

it("needs a relay that fetches the certificates of the team, unless they are written", () => {
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
  const start = (access: object) =>
    createApp({ auth: { access }, services } as never, catalog, { USERS: { fetch: () => new Response() } } as never);
  expect(() => start({ team: "acme", audiences: ["tag"] })).toThrow(
    /auth\.access: found no binding RELAY; bind the Durable Object class Relay/,
  );
  expect(() => start(ACCESS)).not.toThrow();
});

describe("the context of the platform", () => {
  const context = (identity: object | undefined, aud = "tag") => {
    const getIdentity = vi.fn(() => Promise.resolve(identity as never));
    return { access: { aud, getIdentity }, getIdentity };
  };

  it("proves its caller without an assertion, as the header does with one", async () => {
    const call = gateway();
    expect(await call({}, context({ user_uuid: "u1", email: "ada@example.com" }), null)).toBe(200);
    expect(await call(await asserted())).toBe(429); // the same user
    expect(await call({}, context({ email: "dev@example.com" }), null)).toBe(200); // the identity that `access.dev` of wrangler.toml gives
  });

  it("is queried once for an assertion, which it vouches for", async () => {
    const call = gateway();
    const { access, getIdentity } = context({ user_uuid: "u7" });
    const headers = await asserted({ sub: "u7" });
    expect([await call(headers, { access }), await call(headers, { access })]).toEqual([200, 429]);
    expect(getIdentity).toHaveBeenCalledTimes(1);
  });

  it("has to be for the pinned application", async () => {
    const { access, getIdentity } = context({ user_uuid: "u1" }, "other");
    expect(await gateway()(await asserted(), { access })).toBe(401);
    expect(getIdentity).not.toHaveBeenCalled();
  });

  it("of a service token has its name from the assertion", async () => {
    expect(await gateway()(await asserted({ sub: "", common_name: "ci" }), context(undefined))).toBe(200);
    expect(await gateway()({}, context(undefined))).toBe(401);
  });

  it("that fails leaves the call undecided", async () => {
    const access = { aud: "tag", getIdentity: () => Promise.reject(new Error("down")) };
    expect(await gateway()({}, { access })).toBe(503);
  });
});
