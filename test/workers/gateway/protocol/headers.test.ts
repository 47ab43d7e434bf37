// Headers that cross the gateway, over real requests and responses: the table of Tidegate's own names, row by row and in both directions.
import { describe, expect, it } from "vitest";
import { TIDEGATE_HEADER_NAMES } from "../../../../core/headers.ts";
import { gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

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
  it("of a caller does not reach an upstream", async () => {
    const { received } = await cross(unary("GetUser", {}, { [name]: "9", "x-own": "kept" }), {});
    expect([received.get(name), received.get("x-own")]).toEqual([null, "kept"]);
  });

  it("of a caller does not reach the upstream of a plain HTTP route", async () => {
    const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
    const { received } = await cross(rest("GET", "/files/a", undefined, { [name]: "9", "x-own": "kept" }), {}, { httpRoutes });
    expect([received.get(name), received.get("x-own")]).toEqual([null, "kept"]);
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

it("drops what the connection header of an upstream names, and what is for proxies", async () => {
  const { response } = await cross(unary("GetUser"), {
    connection: "x-secret",
    "x-secret": "1",
    "proxy-authenticate": "Basic",
    "x-own": "kept",
  });
  expect(["connection", "x-secret", "proxy-authenticate"].filter((name) => response.headers.has(name))).toEqual([]);
  expect(response.headers.get("x-own")).toBe("kept");
});

describe("headers within the mesh", () => {
  const trusting = { principalHeader: "x-who", overload: { trusted: ["billing"] } };

  it.each([
    ["a principal that is listed", { "x-who": "billing" }, "2", "critical_plus"],
    ["a principal that is not", { "x-who": "eve" }, null, null],
    ["a caller without a principal", {}, null, null],
  ])("takes attempt and criticality of %s", async (_, who, attempt, criticality) => {
    const headers = { ...who, "tidegate-attempt": "2", "tidegate-criticality": "critical_plus" };
    const { received } = await cross(unary("GetUser", {}, headers), {}, trusting);
    expect([received.get("tidegate-attempt"), received.get("tidegate-criticality")]).toEqual([attempt, criticality]);
  });

  it.each(["", "two", "-1", "2000", "1, 2"])("ignores the attempt number %j of a principal that is listed", async (attempt) => {
    const { received } = await cross(unary("GetUser", {}, { "x-who": "billing", "tidegate-attempt": attempt }), {}, trusting);
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
