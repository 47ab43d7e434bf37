// Every request to an upstream says that it has been through this gateway, whichever way it takes inside.
import { expect, it } from "vitest";
import { gatewayTo, json, rest, USER, unary, userFor } from "../../../../support/gateway.ts";

const hopOf = ({ headers }: Request) => [headers.get("tidegate-hops"), headers.get("cdn-loop")];
const received = { "cdn-loop": "other", "tidegate-hops": "3", connection: "tidegate-hops" };

/** @returns the hops that the upstream has received */
async function sent(request: Request, input: object = {}, bindings: Record<string, unknown> = {}): Promise<(string | null)[][]> {
  const hops: (string | null)[][] = [];
  const upstream = (one: Request): Response => {
    hops.push(hopOf(one));
    return userFor(one);
  };
  const shadow = { fetch: async (url: string, init: RequestInit) => upstream(new Request(url, init)) };
  const response = await gatewayTo(upstream, input, { SHADOW: shadow, ...bindings })(request);
  expect(response.status).toBe(200);
  return hops;
}

const NAME = "users.v1.UserService";
const withRoute = (route: object) => ({ services: { [NAME]: { upstream: { binding: "USERS" }, ...route } } });

it.each([
  ["an RPC call", unary("GetUser", {}, received), {}],
  ["a REST call", rest("GET", "/api/v1/users/x", undefined, received), {}],
  [
    "a call for the cache",
    unary("GetUser", { id: "x" }, received),
    withRoute({ methods: { GetUser: { cache: { ttlMs: 60_000, l2: "none" } } } }),
  ],
  [
    "a plain request",
    new Request("https://gateway.example/f/x", { headers: received }),
    { httpRoutes: { "/f/": { upstream: { binding: "SHADOW" } } } },
  ],
  [
    "a plain request for the cache",
    new Request("https://gateway.example/f/x", { headers: received }),
    { httpRoutes: { "/f/": { upstream: { binding: "SHADOW" }, cache: { ttlMs: 60_000, l2: "none" } } } },
  ],
])("%s adds one to what it received, whatever its Connection header says", async (about, request, input) => {
  // A request of the cache is made for several callers.
  expect(await sent(request, input)).toEqual([["4", about.includes("cache") ? "tidegate" : "other, tidegate"]]);
});

it("a copy for a mirror has it, too", async () => {
  const hops = await sent(
    unary("GetUser", {}, received),
    withRoute({ traffic: { mirror: { upstream: { binding: "SHADOW" }, percent: 100 } } }),
  );
  await expect
    .poll(() => hops)
    .toEqual([
      ["4", "other, tidegate"],
      ["4", "other, tidegate"],
    ]);
});

it("a further attempt counts no further", async () => {
  const hops: (string | null)[][] = [];
  const gateway = gatewayTo((request) => {
    hops.push(hopOf(request));
    return hops.length === 1 ? json({ code: "unavailable" }, { status: 503 }) : json(USER);
  });
  expect((await gateway(unary("GetUser", {}, received))).status).toBe(200);
  expect(hops).toEqual([
    ["4", "other, tidegate"],
    ["4", "other, tidegate"],
  ]);
});

it.each([
  ["tidegate-hops", "8"],
  ["cdn-loop", Array(8).fill("tidegate").join(", ")],
  ["cdn-loop", "x".repeat(1_025)],
])("refuses %s: %s without a call of the upstream", async (name, value) => {
  let calls = 0;
  const gateway = gatewayTo(() => json({ calls: ++calls }));
  const response = await gateway(unary("GetUser", {}, { [name]: value }));
  expect([response.status, calls, ((await response.json()) as { code: string }).code]).toEqual([508, 0, "failed_precondition"]);
});
