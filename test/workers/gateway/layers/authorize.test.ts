// Expressions and addresses of routes through the whole gateway.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { celExpressions } from "../../../../workers/gateway/auth/expression/cel.ts";
import { AUTH, bearer } from "../../../support/callers.ts";
import { gatewayTo, rest, unary, userFor } from "../../../support/gateway.ts";

afterEach(() => void vi.restoreAllMocks());

function gateway(route: object, input: Partial<GatewayInput> = {}) {
  const seen: Request[] = [];
  const logged: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => {
    const { event, reason } = JSON.parse(line);
    if (event === "auth_refused" || event === "would_refuse") logged.push(`${event} ${reason}`);
  });
  const serve = gatewayTo(
    (request) => {
      seen.push(request);
      return userFor(request);
    },
    {
      auth: AUTH,
      services: { "users.v1.UserService": { upstream: { binding: "USERS" }, methods: { GetUser: route } } },
      httpRoutes: { "/files/": { upstream: { binding: "USERS" } } },
      ...input,
    },
    {},
    celExpressions(),
  );
  return { seen, logged, call: async (request: Request) => (await serve(request)).status };
}

const ADA = await bearer("ada", { level: 3 });
const getUser = (headers: Record<string, string> = {}, id = "a") => unary("GetUser", { id }, headers);

describe("an expression", () => {
  it("over the principal and headers allows and refuses before the body is read", async () => {
    const { call, seen, logged } = gateway({ allow: "principal.claims.level >= 3 && headers['x-tenant'] == 'acme'" });
    const calls = [getUser({ ...ADA, "x-tenant": "acme" }), getUser({ ...ADA, "x-tenant": "other" }), getUser(ADA), getUser()];
    const statuses = [];
    for (const request of calls) statuses.push(await call(request));
    expect(statuses).toEqual([200, 403, 403, 403]);
    expect([seen.length, logged]).toEqual([1, ["auth_refused expression_false", "auth_refused expression_error"]]);
  });

  it.each([
    ["Connect", getUser({}, "ada"), getUser({}, "eve")],
    ["REST", rest("GET", "/api/v1/users/ada"), rest("GET", "/api/v1/users/eve")],
  ])("over the message allows and refuses in %s", async (_, allowed, refused) => {
    const { call, seen, logged } = gateway({ allow: "message.id == 'ada'" });
    expect([await call(allowed), await call(refused), seen.length, logged]).toEqual([200, 403, 1, ["auth_refused expression_false"]]);
  });

  it("refuses a message that cannot be read", async () => {
    const { call, seen, logged } = gateway({ allow: "message.id != 'eve'" });
    expect([await call(unary("GetUser", "{")), seen.length, logged]).toEqual([403, 0, ["auth_refused expression_message"]]);
  });

  it("only reports, or does nothing, in its other modes", async () => {
    const report = gateway({ allow: { expression: "false", mode: "report" } });
    expect([await report.call(getUser()), report.logged]).toEqual([200, ["would_refuse expression_false"]]);
    const off = gateway({ allow: { expression: "false", mode: "off" } });
    expect([await off.call(getUser()), off.logged]).toEqual([200, []]);
  });

  it("of the defaults holds for plain HTTP, where it reads no message", async () => {
    const { call } = gateway({}, { defaults: { allow: "source.address == '192.0.2.1'" } });
    const get = (address: string) => call(rest("GET", "/files/a", undefined, { "cf-connecting-ip": address }));
    expect([await get("192.0.2.1"), await get("192.0.2.2")]).toEqual([200, 403]);
  });

  it("is evaluated for stored responses, too", async () => {
    const cached = { cache: { ttlMs: 60_000, l2: "none" as const }, allow: "headers['x-tenant'] == 'acme'" };
    const { call, seen } = gateway(cached);
    const all = ["acme", "acme", "other"].map((tenant) => getUser({ "x-tenant": tenant }));
    const statuses = [];
    for (const request of all) statuses.push(await call(request));
    expect(statuses).toEqual([200, 200, 403]);
    expect(seen).toHaveLength(1);
  });
});

describe("addresses", () => {
  const from = (address: string) => getUser({ "cf-connecting-ip": address, authorization: "Bearer wrong" });

  it("that are refused get no further: no credential is looked at", async () => {
    const { call, seen, logged } = gateway({ addresses: { allow: ["192.0.2.0/24", "2001:db8::/32"], deny: ["192.0.2.7"] }, auth: "off" });
    const all = ["192.0.2.1", "::ffff:192.0.2.1", "2001:DB8::1", "192.0.2.7", "::ffff:192.0.2.7", "198.51.100.1", "2001:db9::1"];
    const statuses = [];
    for (const address of all) statuses.push(await call(from(address)));
    expect(statuses).toEqual([200, 200, 200, 403, 403, 403, 403]);
    expect([seen.length, logged]).toEqual([3, ["auth_refused address_denied"]]);
  });

  it("that nothing reports are in no list", async () => {
    const { call, logged } = gateway({ addresses: { deny: ["192.0.2.7"] } });
    expect([await call(getUser()), logged]).toEqual([403, ["auth_refused address_unknown"]]);
  });

  it("are looked at before credentials", async () => {
    const { call, logged } = gateway({ addresses: { deny: ["192.0.2.7"] } });
    expect([await call(from("192.0.2.7")), await call(from("192.0.2.8"))]).toEqual([403, 401]);
    expect(logged[0]).toBe("auth_refused address_denied");
  });
});
