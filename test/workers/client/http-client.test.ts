// What transports send to a pool: headers of each attempt, where it goes, and bodies in both directions.
import { Code, createClient, createHandlerContext } from "@connectrpc/connect";
import { expect, it, vi } from "vitest";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { type Fetching, type Hop, servicePool, transportTo } from "../../../workers/client/transport.ts";
import { callerFrom, PROVEN_CALLER, valuesOf } from "../../../workers/service/identity/caller.ts";
import { failureOf } from "../services/support.ts";

const { getUser: method } = UserService.method;

function context(requestHeader: Record<string, string>) {
  const claims = { iss: "tidegate", aud: "users", kind: "user", sub: "ada", iat: 0, exp: 0 };
  const from = { name: "tidegate", before: [] };
  const contextValues = valuesOf({ caller: callerFrom(claims), from, isFromGateway: true, claims, payload: "cGF5" });
  return createHandlerContext({
    ...{ method, service: UserService, protocolName: "connect", requestMethod: "POST", url: "http://x" },
    requestHeader,
    contextValues,
  });
}

/** An endpoint that records a copy of what it gets. */
function recording(respond: () => Response | Promise<Response> = () => Response.json({ id: "a" })) {
  const seen: { url: string; headers: Headers; body: BodyInit | null | undefined }[] = [];
  const target: Fetching = {
    fetch: async (url, { headers, body }) => {
      seen.push({ url, headers: new Headers(headers), body });
      return respond();
    },
  };
  return { seen, target };
}

it("sends headers of the served call with each attempt, the caller's identity over bindings alone, and what `prepare` writes", async () => {
  const down = () => Response.json({ code: "unavailable" }, { status: 503 });
  const { seen, target } = recording(down);
  const sent: Headers[] = [];
  const fetching = vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    sent.push(new Headers(init?.headers));
    return down();
  });
  const hops: Hop[] = [];
  const during = context({ "x-request-id": "r1", "tidegate-criticality": "sheddable" });
  const prepare = async (headers: Headers, hop: Hop): Promise<void> => {
    hops.push(hop);
    headers.set("x-hop", String(hops.length));
  };
  const pool = servicePool({
    name: "users",
    endpoints: [target, "https://users.example.com/base/"],
    balancer: "round_robin",
    retries: { max: 1, baseMs: 1 },
  });
  const error = await failureOf(createClient(UserService, transportTo(pool, { json: {}, during, prepare })).getUser({ id: "a" }));
  expect(error.code).toBe(Code.Unavailable);
  expect(fetching.mock.calls[0]![0]).toBe("https://users.example.com/base/users.v1.UserService/GetUser");
  expect(seen[0]!.url).toBe("http://service/users.v1.UserService/GetUser");
  const both = [...seen.map(({ headers }) => headers), ...sent];
  expect(both.map((headers) => [headers.get("x-request-id"), headers.get("tidegate-criticality")])).toEqual([
    ["r1", "sheddable"],
    ["r1", "sheddable"],
  ]);
  expect([seen[0]!.headers.get("tidegate-identity"), sent[0]!.get("tidegate-identity")]).toEqual(["cGF5", null]);
  expect(both.map((headers) => headers.get("x-hop")).sort()).toEqual(["1", "2"]);
  expect(hops.map(({ service, method: name, during: served }) => [service, name, served === during])).toEqual(
    Array(2).fill(["users.v1.UserService", "GetUser", true]),
  );
  expect(during.values.get(PROVEN_CALLER)?.payload).toBe("cGF5");
  fetching.mockRestore();
});

it("makes one attempt, and no more, where the served call is a retry", async () => {
  const { seen, target } = recording(() => Promise.reject(new Error("connection refused")));
  const pool = servicePool({ name: "users", endpoints: [target] });
  await failureOf(createClient(UserService, transportTo(pool, { json: {}, during: context({ "tidegate-attempt": "2" }) })).getUser({}));
  expect(seen.map(({ headers }) => headers.get("tidegate-attempt"))).toEqual(["2"]);
});

it("ends the chain of retries where the service can't be reached", async () => {
  const { target } = recording(() => Promise.reject(new Error("lost")));
  const pool = servicePool({ name: "users", endpoints: [target], retries: { max: 1, baseMs: 1 }, breaker: false });
  const error = await failureOf(createClient(UserService, transportTo(pool, { json: {} })).getUser({}));
  expect([error.rawMessage, error.metadata.get("grpc-retry-pushback-ms")]).toEqual(["service can't be reached", "-1"]);
});

it("passes on what `prepare` throws, and counts it against no endpoint", async () => {
  const { seen, target } = recording();
  const pool = servicePool({ name: "users", endpoints: [target], breaker: { consecutive: 1 } });
  const prepare = () => Promise.reject(new Error("no key"));
  const client = createClient(UserService, transportTo(pool, { json: {}, prepare, timeoutMs: 1_000 }));
  expect((await failureOf(client.getUser({}))).rawMessage).toContain("no key");
  expect([seen.length, pool.status()]).toEqual([0, "serving"]);
});

it("sends one message from memory, and a key to its endpoint", async () => {
  const endpoints = [recording(), recording(), recording()];
  const pool = servicePool({ name: "orders", endpoints: endpoints.map(({ target }) => target), balancer: "consistent_hash" });
  for (let n = 0; n < 9; n++) await createClient(OrderService, transportTo(pool, { json: {}, key: "ada" })).getOrder({ id: "a" });
  const used = endpoints.filter(({ seen }) => seen.length > 0);
  expect(used.map(({ seen }) => seen.length)).toEqual([9]);
  expect(used[0]!.seen[0]!.body).toBeInstanceOf(Uint8Array);
});
