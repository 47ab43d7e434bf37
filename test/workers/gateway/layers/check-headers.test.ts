// Headers that are too large, or can be read in two ways, refused in every protocol before anything else happens.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { endOfStream, enveloped, gatewayTo, json, rest, USER, unary } from "../../../support/gateway.ts";

afterEach(() => void vi.restoreAllMocks());

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, "v"]));
const TOO_LARGE = "request headers are too large; send at most 100 header fields of 32768 bytes together";

let calls = 0;
const httpRoutes = { "/files/": { upstream: { binding: "USERS" } } };
const gateway = gatewayTo(
  () => {
    calls += 1;
    return json(USER);
  },
  { httpRoutes },
);

describe.each([
  ["500 header fields", many(500)],
  ["a field of 70 KB", { "x-a": "v".repeat(70_000) }],
])("H07: %s", (_, headers) => {
  it("are refused in every protocol, and reach no upstream", async () => {
    const error = vi.spyOn(console, "error");
    calls = 0;
    const connect = await gateway(unary("GetUser", {}, headers));
    expect([connect.status, await connect.json()]).toEqual([431, { code: "resource_exhausted", message: TOO_LARGE }]);
    const stream = await gateway(enveloped("WatchUsers", "application/connect+json", "{}", headers));
    expect(await endOfStream(stream)).toMatchObject({ error: { code: "resource_exhausted", message: TOO_LARGE } });
    const grpcWeb = await gateway(enveloped("GetUser", "application/grpc-web", "", headers));
    expect([grpcWeb.status, grpcWeb.headers.get("grpc-status")]).toEqual([200, "8"]);
    for (const path of ["/api/v1/users/x", "/files/a"]) {
      const response = await gateway(rest("GET", path, undefined, headers));
      expect([response.status, await response.json()]).toMatchObject([431, { code: 8, message: TOO_LARGE }]);
    }
    expect([calls, error.mock.calls]).toEqual([0, []]);
  });
});

it("accepts 90 fields of 30 KB", async () => {
  const response = await gateway(unary("GetUser", {}, { ...many(85), "x-a": "v".repeat(30_000) }));
  expect(response.status).toBe(200);
});

describe("H03: CF-Connecting-IP that is not one address", () => {
  it.each(["1.1.1.1, 2.2.2.2", "unknown", "", "1.1.1.1.1"])("is refused, and counted by no rule: %j", async (address) => {
    const take = vi.spyOn(env.TOKEN_BUCKET, "getByName");
    const rateLimits = { one: { capacity: 1, rate: 1, mode: "exact" } } as const;
    const limited = gatewayTo(() => json(USER), { rateLimits, defaults: { rateLimits: ["one"] } });
    const response = await limited(unary("GetUser", {}, { "cf-connecting-ip": address }));
    expect([response.status, await response.json()]).toEqual([
      400,
      { code: "invalid_argument", message: `CF-Connecting-IP "${address}" is not one address` },
    ]);
    expect(take).not.toHaveBeenCalled();
  });
});

it("H04: counts Workers of other zones by their zones", async () => {
  const rateLimits = { one: { capacity: 1, rate: 1, intervalMs: 60_000, mode: "local" } } as const;
  const limited = gatewayTo(() => json(USER), { rateLimits, defaults: { rateLimits: ["one"] } });
  const from = async (worker: string) => {
    const headers = { "cf-connecting-ip": "2a06:98c0:3600::103", "cf-worker": worker };
    return (await limited(unary("GetUser", {}, headers))).status;
  };
  expect([await from("a.example"), await from("a.example"), await from("b.example")]).toEqual([200, 429, 200]);
});
