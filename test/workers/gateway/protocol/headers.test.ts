// Headers that cross the gateway, over real requests and responses: the table of Tidegate's own names, row by row and in both directions.
import { describe, expect, it } from "vitest";
import { HOPS_HEADER, REGION_HEADER, TIDEGATE_HEADER_NAMES } from "../../../../core/headers.ts";
import { currentRegion } from "../../../../workers/gateway/region/isolate-region.ts";
import { AUTH, bearer, idOf } from "../../../support/callers.ts";
import { gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

const [BILLING, EVE] = [await bearer("billing"), await bearer("eve")];

/** What an upstream gets of `sent`, and what the caller gets of `returned`. */
async function cross(request: Request, returned: Record<string, string>, input: Parameters<typeof gatewayTo>[1] = {}) {
  let received = new Headers();
  const gateway = gatewayTo((request) => {
    received = request.headers;
    return json(USER, { headers: returned });
  }, input);
  const response = await gateway(request);
  return { received, response };
}

describe.each(TIDEGATE_HEADER_NAMES)("%s", (name) => {
  /** What the gateway writes itself; the region where a test before this one has shown it. */
  const own = (): string | null => {
    if (name === HOPS_HEADER) return "1";
    return name === REGION_HEADER && currentRegion() !== "local" ? currentRegion() : null;
  };

  it("of a caller does not reach an upstream", async () => {
    const { received } = await cross(unary("GetUser", {}, { [name]: "caller", "x-own": "kept" }), {});
    expect([received.get(name), received.get("x-own")]).toEqual([own(), "kept"]);
  });

  it("of a caller does not reach the upstream of a plain HTTP route", async () => {
    const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
    const { received } = await cross(rest("GET", "/files/a", undefined, { [name]: "caller", "x-own": "kept" }), {}, { httpRoutes });
    expect([received.get(name), received.get("x-own")]).toEqual([own(), "kept"]);
  });

  it("of an upstream does not reach a caller", async () => {
    const { response } = await cross(unary("GetUser"), { [name]: "9", "x-own": "kept" });
    expect([response.status, response.headers.get(name), response.headers.get("x-own")]).toEqual([200, null, "kept"]);
  });

  it("of an upstream does not reach a caller in a failure", async () => {
    const gateway = gatewayTo(() => json({ code: "not_found", message: "no" }, { status: 404, headers: { [name]: "9", "x-own": "kept" } }));
    const response = await gateway(unary("GetUser"));
    expect([response.status, response.headers.get(name), response.headers.get("x-own")]).toEqual([404, null, "kept"]);
  });
});

it("drops headers that belong to one connection, and those that only the edge may write", async () => {
  const edge = { forwarded: "for=6.6.6.6", "x-real-ip": "6.6.6.6", "cf-worker": "evil.example", "cf-connecting-ip": "192.0.2.7" };
  const connection = { connection: "x-secret", "x-secret": "1", "proxy-authorization": "Basic x" };
  const { received } = await cross(unary("GetUser", {}, { ...edge, ...connection, "x-forwarded-for": "6.6.6.6", "x-own": "kept" }), {});
  expect(Object.keys({ ...edge, ...connection }).filter((name) => received.has(name))).toEqual([]);
  expect(received.get("x-forwarded-for")).toBe("192.0.2.7");
  expect(received.get("x-own")).toBe("kept");
});

it("H01: removes what Connection names, but nothing that names the caller or its message", async () => {
  const trusting = { rateLimits: { tenant: { capacity: 1, rate: 1, key: { header: "x-who" } } } };
  const kept = {
    authorization: "Bearer a",
    "x-who": "ada",
    cookie: "a=b",
    "connect-protocol-version": "1",
    "content-type": "application/json",
  };
  const connection = `keep-alive, X-Secret, CF-Connecting-IP, X-Forwarded-For, ${Object.keys(kept).join(", ")}`;
  const headers = { ...kept, connection, "x-secret": "1", "cf-connecting-ip": "192.0.2.7", "x-forwarded-for": "6.6.6.6" };
  const { received } = await cross(unary("GetUser", {}, headers), {}, trusting);
  expect(Object.keys(kept).filter((name) => received.get(name) !== kept[name as keyof typeof kept])).toEqual([]);
  expect([received.has("connection"), received.has("x-secret"), received.get("x-forwarded-for")]).toEqual([false, false, "192.0.2.7"]);
});

describe.each([
  ["RPC", () => unary("GetUser")],
  ["plain HTTP", () => rest("GET", "/files/a")],
])("H02: on a route of %s", (_, plain) => {
  const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
  const forged = [
    ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "true-client-ip", "x-client-ip"],
    ...["x-cluster-client-ip", "fastly-client-ip", "forwarded", "via", "cf-access-authenticated-user-email", "cf-access-jwt-assertion"],
    ...["x-original-url", "x-rewrite-url", "x-http-method-override", "proxy-authorization", "cf-worker", "cf-ipcountry"],
  ];
  const written = { "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" };

  it("upstreams get the address that the edge has written, and nothing that a caller may have", async () => {
    const request = plain();
    for (const name of forged) request.headers.set(name, "6.6.6.6");
    request.headers.set("cf-connecting-ip", "192.0.2.7");
    const { received } = await cross(request, {}, { httpRoutes });
    expect(Object.fromEntries(forged.flatMap((name) => (received.has(name) ? [[name, received.get(name)]] : [])))).toEqual(written);
    expect(received.has("cf-connecting-ip")).toBe(false);
  });

  it("upstreams get what the configuration forwards", async () => {
    const request = plain();
    for (const name of forged) request.headers.set(name, "6.6.6.6");
    const { received } = await cross(request, {}, { httpRoutes, headers: { forward: ["CF-IPCountry"] } });
    expect([received.get("cf-ipcountry"), received.has("x-forwarded-for"), received.has("via")]).toEqual(["6.6.6.6", false, false]);
  });
});

describe("H05: names that servers read as other names", () => {
  const spelled = { x_forwarded_for: "6.6.6.6", "cf.connecting.ip": "6.6.6.6", "x-who_": "eve", x_own: "1" };

  it.each(Object.keys(spelled))("refuses %s", async (name) => {
    const response = await gatewayTo(() => json(USER))(unary("GetUser", {}, { [name]: "1" }));
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: "invalid_argument", message: `header name "${name}" is not accepted; use letters, digits and "-"` },
    ]);
  });

  it.each(["drop", "pass"] as const)("drops or passes them: %s", async (unusualNames) => {
    const { received } = await cross(unary("GetUser", {}, spelled), {}, { headers: { unusualNames } });
    const passed = unusualNames === "pass" ? ["x-who_", "x_own"] : [];
    expect(Object.keys(spelled).filter((name) => received.has(name))).toEqual(passed);
  });
});

it("H08: cuts tracestate to what W3C allows, and replaces a request id and a traceparent that it cannot read", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const tracestate = Array.from({ length: 400 }, (_, at) => `key${at}=value`).join();
  const { received, response } = await cross(unary("GetUser", {}, { traceparent, tracestate, "x-request-id": "a".repeat(10_000) }), {});
  expect(received.get("tracestate")).toBe(tracestate.split(",").slice(0, 32).join());
  expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  const anew = await cross(unary("GetUser", {}, { traceparent: `${traceparent}-`, tracestate, "x-request-id": "a\u001b[31m" }), {});
  expect(anew.received.get("traceparent")).not.toContain("0af7651916cd43dd8448eb211c80319c");
  expect(anew.received.has("tracestate")).toBe(false);
  expect(anew.received.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

it("drops what the connection header of an upstream names, and what is for proxies", async () => {
  const { response } = await cross(unary("GetUser"), {
    connection: "x-secret, Content-Type, X-Request-Id, Vary",
    "x-secret": "1",
    "proxy-authenticate": "Basic",
    vary: "x",
    "x-own": "kept",
  });
  expect(["content-type", "x-request-id", "vary"].filter((name) => !response.headers.has(name))).toEqual([]);
  expect(["connection", "x-secret", "proxy-authenticate"].filter((name) => response.headers.has(name))).toEqual([]);
  expect(response.headers.get("x-own")).toBe("kept");
});

describe("headers within the mesh", () => {
  const trusting = { auth: AUTH, overload: { trusted: [idOf("billing")] } };

  it.each([
    ["a principal that is listed", BILLING, "2", "critical_plus"],
    ["a principal that is not", EVE, null, null],
    ["a caller without a principal", {}, null, null],
  ])("takes attempt and criticality of %s", async (_, who, attempt, criticality) => {
    const headers = { ...who, "tidegate-attempt": "2", "tidegate-criticality": "critical_plus" };
    const { received } = await cross(unary("GetUser", {}, headers), {}, trusting);
    expect([received.get("tidegate-attempt"), received.get("tidegate-criticality")]).toEqual([attempt, criticality]);
  });

  it.each(["", "two", "-1", "2000", "1, 2"])("ignores the attempt number %j of a principal that is listed", async (attempt) => {
    const { received } = await cross(unary("GetUser", {}, { ...BILLING, "tidegate-attempt": attempt }), {}, trusting);
    expect(received.has("tidegate-attempt")).toBe(false);
  });
});

it("writes on a copy for a mirror that it is one, whatever the caller has sent, and never on the call itself", async () => {
  const copies: (string | null)[] = [];
  const mirrored = Promise.withResolvers<void>();
  const MIRROR = {
    fetch: async (url: string, init: RequestInit) => {
      copies.push(new Request(url, init).headers.get("x-tidegate-mirror"));
      mirrored.resolve();
      return json(USER);
    },
  };
  const service = { upstream: { binding: "USERS" }, traffic: { mirror: { upstream: { binding: "MIRROR" }, percent: 100 } } };
  let own: string | null = "none yet";
  const gateway = gatewayTo(
    ({ headers }) => {
      own = headers.get("x-tidegate-mirror");
      return json(USER);
    },
    { services: { "users.v1.UserService": service } },
    { MIRROR },
  );
  await gateway(unary("GetUser", {}, { "x-tidegate-mirror": "no" }));
  await mirrored.promise;
  expect([own, copies]).toEqual([null, ["1"]]);
});
