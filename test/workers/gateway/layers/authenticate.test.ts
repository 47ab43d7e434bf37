// Who calls: credentials of calls through the whole gateway, and what their callers read.
import { afterEach, describe, expect, it, vi } from "vitest";
import { AUTH, bearer, idOf, tokenOf } from "../../../support/callers.ts";
import { endOfStream, enveloped, gatewayTo, rest, unary, userFor } from "../../../support/gateway.ts";

afterEach(() => void vi.restoreAllMocks());

const [ADA, EVE] = [await bearer("ada", { scope: "users.read users.write" }), await bearer("eve")];
const WRONG = { authorization: `${ADA.authorization.slice(0, -4)}AAAA` };
const at = (n: number) => ({ "cf-connecting-ip": `192.0.2.${n}` });

function gateway(route: object = {}, more: object = {}) {
  const seen: Request[] = [];
  const serve = gatewayTo(
    (request) => {
      seen.push(request);
      return userFor(request);
    },
    { auth: AUTH, defaults: route, httpRoutes: { "/files/": { upstream: { binding: "USERS" } } }, ...more },
  );
  const call = async (headers: Record<string, string> = {}) => (await serve(unary("GetUser", {}, headers))).status;
  return { serve, call, seen };
}

/** Reasons of the refusals that have been logged. */
function logged(): string[] {
  const reasons: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => {
    const { event, reason } = JSON.parse(line);
    if (event === "auth_refused") reasons.push(reason);
  });
  return reasons;
}

describe("the calls of a route", () => {
  it.each([
    ["off", [200, 200, 200, 200]],
    ["optional", [200, 200, 401, 401]],
    ["required", [401, 200, 401, 401]],
  ])("%s: anonymous, with a token, with a wrong one, with another scheme", async (auth, statuses) => {
    logged();
    const { call, seen } = gateway({ auth });
    const basic = { authorization: `Basic ${btoa("ada:secret")}` };
    expect([await call(), await call(ADA), await call(WRONG), await call(basic)]).toEqual(statuses);
    expect(seen).toHaveLength(statuses.filter((status) => status === 200).length); // nothing else has reached the upstream
  });

  it("of plain HTTP and of REST are held to the same", async () => {
    const reasons = logged();
    const { serve } = gateway({ auth: "required" });
    for (const path of ["/files/a", "/api/v1/users/x"]) {
      expect((await serve(rest("GET", path))).status).toBe(401);
      expect((await serve(rest("GET", path, undefined, ADA))).status).toBe(200);
    }
    expect(reasons).toEqual(["credential_missing"]);
  });

  it("need the scopes of the route, all of them", async () => {
    const reasons = logged();
    const { call, serve } = gateway({ scopes: ["users.read", "users.write"] });
    expect([await call(ADA), await call(EVE), await call(await bearer("bob", { scope: "users.read" })), await call()]).toEqual([
      200, 403, 403, 401,
    ]);
    expect(await (await serve(unary("GetUser", {}, EVE))).json()).toEqual({
      code: "permission_denied",
      message: "the caller may not do this",
    });
    expect(reasons).toEqual(["scope_missing", "credential_missing"]);
  });
});

describe("a refusal", () => {
  it("shows its caller the status alone, in its protocol; the log has the reason", async () => {
    const reasons = logged();
    const { serve } = gateway({ auth: "required" });
    const expired = { authorization: `Bearer ${await tokenOf("ada", { exp: 1 })}` };
    const bodies = [];
    for (const headers of [{}, WRONG, expired, { authorization: "Bearer x" }]) {
      const response = await serve(unary("GetUser", {}, headers));
      expect([response.status, response.headers.get("www-authenticate")?.startsWith("Bearer ")]).toEqual([401, true]);
      bodies.push(await response.text());
    }
    expect(new Set(bodies)).toEqual(new Set([JSON.stringify({ code: "unauthenticated", message: "valid credentials are required" })]));
    expect(reasons).toEqual(["credential_missing", "jwt_signature", "jwt_expired", "credential_malformed"]);
    const web = await serve(enveloped("GetUser", "application/grpc-web+proto"));
    expect([web.status, web.headers.get("grpc-status")]).toEqual([200, "16"]);
    const stream = await serve(enveloped("WatchUsers", "application/connect+json", "{}"));
    expect((await endOfStream(stream)).error?.code).toBe("unauthenticated");
    expect(await (await serve(rest("GET", "/api/v1/users/x"))).json()).toMatchObject({ code: 16 });
  });

  it.each([
    ["two tokens in one header", `${ADA.authorization}, ${EVE.authorization}`],
    ["a token with its scheme twice", `Bearer ${ADA.authorization}`],
    ["a token in another scheme", ADA.authorization.replace("Bearer", "Token")],
    ["a token without a scheme", ADA.authorization.slice(7)],
    ["a token and more", `${ADA.authorization} x`],
    ["a scheme alone", "Bearer"],
    ["an empty header", ""],
  ])("A07: ends %s", async (_, authorization) => {
    logged();
    const { call, seen } = gateway();
    expect([await call({ authorization }), seen.length]).toEqual([401, 0]);
  });

  it("takes the scheme in any case", async () => {
    expect(await gateway({ auth: "required" }).call({ authorization: ADA.authorization.replace("Bearer", "bEARER") })).toBe(200);
  });
});

describe("failed authentications of one address", () => {
  it("are verified 20 times, then none is; those of others, and callers that are known, pass", async () => {
    const reasons = logged();
    const verify = vi.spyOn(crypto.subtle, "verify");
    const { call, serve } = gateway();
    expect(await call({ ...ADA, ...at(1) })).toBe(200);
    verify.mockClear();
    for (let failed = 0; failed < 60; failed++) expect(await call({ ...WRONG, ...at(1) })).toBe(401);
    expect(verify.mock.calls.length).toBeGreaterThanOrEqual(20);
    expect(verify.mock.calls.length).toBeLessThan(50); // one more a second, on whatever machine
    const response = await serve(unary("GetUser", {}, { ...WRONG, ...at(1) }));
    if (response.headers.has("retry-after")) expect(response.headers.get("retry-after")).toBe("1");
    expect(reasons.filter((reason) => reason === "too_many_failures").length).toBeGreaterThan(0);
    expect([await call({ ...ADA, ...at(1) }), await call({ ...EVE, ...at(2) })]).toEqual([200, 200]);
  });

  it("are not anonymous calls, nor those without a scope", async () => {
    logged();
    const { call } = gateway({ auth: "required", scopes: ["users.read"] });
    for (let calls = 0; calls < 40; calls++) expect([await call(at(3)), await call({ ...EVE, ...at(3) })]).toEqual([401, 403]);
    expect(await call({ ...ADA, ...at(3) })).toBe(200);
  });
});

it("separates stored responses, limits and callers by the principal", async () => {
  const { serve } = gateway(
    {},
    {
      rateLimits: { own: { capacity: 2, rate: 1, intervalMs: 600_000, mode: "local", key: "principal" } },
      defaults: { rateLimits: ["own"] },
    },
  );
  const statuses = async (headers: Record<string, string>, times: number) => {
    const all = [];
    for (let call = 0; call < times; call++) all.push((await serve(unary("GetUser", {}, { ...headers, ...at(4) }))).status);
    return all;
  };
  expect(await statuses(ADA, 3)).toEqual([200, 200, 429]);
  expect(await statuses(EVE, 3)).toEqual([200, 200, 429]);
  expect(await statuses(await bearer("ada", { jti: "another token of the same caller" }), 1)).toEqual([429]);
  expect(await statuses({}, 1)).toEqual([200]);
  expect(idOf("ada")).toBe("https://id.test#ada");
});

it("verifies each token once in a configuration, and again in another one", async () => {
  const verify = vi.spyOn(crypto.subtle, "verify");
  const token = await bearer("once");
  const [first, second] = [gateway(), gateway()];
  for (let call = 0; call < 3; call++) await first.call(token);
  expect(verify).toHaveBeenCalledTimes(1);
  await second.call(token);
  expect(verify).toHaveBeenCalledTimes(2);
});

it("serves no stored response before the call is authenticated", async () => {
  logged();
  const response = (request: Request) => {
    const stored = userFor(request);
    stored.headers.set("cache-control", "public, max-age=60");
    return stored;
  };
  const input = { auth: AUTH, defaults: { auth: "required" as const, cache: { l2: "none" as const, authorization: "ignore" as const } } };
  const serve = gatewayTo(response, input);
  for (let call = 0; call < 2; call++) expect((await serve(unary("GetUser", {}, ADA))).status).toBe(200);
  expect((await serve(unary("GetUser"))).status).toBe(401);
});
