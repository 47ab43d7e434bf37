// Services that prove their callers: what the implementation learns, and how calls without proof are refused.
import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../../workers/client/transport.ts";
import { callerOf, callingServiceOf, defineService, type ServiceOptions } from "../../../../workers/service.ts";
import { base64url, claimsOf, identityKey, keySetOf } from "../../../support/identity.ts";
import { waysToCall } from "../../services/support.ts";
import { GET_USER, type Users } from "../host.ts";

const key = await identityKey("one");
const GATEWAY = { props: { caller: "tidegate" } };
const IDENTITY = { identity: { keys: keySetOf(key) } };

/** Responds with who calls. */
const naming: Users = {
  getUser: (_, context) => ({ id: String(callerOf(context)?.id), displayName: String(callerOf(context)?.kind) }),
  async *watchUsers(_, context) {
    yield { user: { id: String(callerOf(context)?.id) } };
  },
};
const log = vi.spyOn(console, "warn").mockImplementation(() => undefined);
afterEach(() => log.mockClear());

function clientsOf(options: ServiceOptions, ctx?: object, headers: Record<string, string> = {}) {
  const { fetch } = defineService(UserService, () => naming, options);
  const send = (request: Request) => {
    const all = new Headers(request.headers);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    return fetch(new Request(request, { headers: all }), {}, ctx as never);
  };
  return waysToCall(send).map(([name, transport]) => [name, createClient(UserService, transport)] as const);
}
async function first<T>(stream: AsyncIterable<T>): Promise<T | undefined> {
  for await (const message of stream) return message;
  return undefined;
}

describe("a service with identity", () => {
  it("knows the caller, in each protocol, of unary calls and streams", async () => {
    const claims = claimsOf();
    for (const [ctx, header] of [
      [GATEWAY, base64url(JSON.stringify(claims))],
      [undefined, await key.sign(claims)],
    ] as const)
      for (const [, client] of clientsOf(IDENTITY, ctx, { "tidegate-identity": header })) {
        expect(await client.getUser({})).toMatchObject({ id: claims.sub, displayName: "user" });
        expect((await first(client.watchUsers({})))?.user?.id).toBe(claims.sub);
      }
  });

  it("knows a caller without a credential", async () => {
    for (const [, client] of clientsOf(IDENTITY, GATEWAY))
      expect(await client.getUser({})).toMatchObject({ id: "", displayName: "anonymous" });
  });

  it("refuses calls that prove nothing, in each protocol, and logs why", async () => {
    for (const [, client] of clientsOf(IDENTITY)) {
      const refused = await client.getUser({}).catch(ConnectError.from);
      expect(refused).toMatchObject({ code: Code.Unauthenticated, rawMessage: "call this service through its gateway" });
      await expect(first(client.watchUsers({}))).rejects.toMatchObject({ code: Code.Unauthenticated });
    }
    const records = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
    expect(records[0]).toMatchObject({ event: "identity_refused", reason: "identity_missing", calls: 1 });
  });

  it("is unavailable where it has no keys for a signature", async () => {
    for (const [, client] of clientsOf({ identity: {} }, undefined, { "tidegate-identity": await key.sign(claimsOf()) }))
      await expect(client.getUser({})).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("takes its keys from the environment", async () => {
    const options = { identity: { keys: ({ KEYS }: { KEYS: string }) => KEYS } } as ServiceOptions;
    const worker = defineService(UserService, () => naming, options);
    const headers = { "content-type": "application/json", "tidegate-identity": await key.sign(claimsOf()) };
    const request = new Request(`https://users.example${GET_USER}`, { method: "POST", headers, body: "{}" });
    const response = await worker.fetch(request, { KEYS: keySetOf(key) } as never);
    expect(await response.json()).toMatchObject({ id: claimsOf().sub });
  });

  it("serves health checks without proof", async () => {
    const worker = defineService(UserService, () => naming, IDENTITY);
    const request = (path: string) =>
      new Request(`https://users.example${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    expect((await worker.fetch(request("/grpc.health.v1.Health/Check"), {})).status).toBe(200);
    expect((await worker.fetch(request("/grpc.health.v1.Other/Check"), {})).status).toBe(401);
  });

  it("says so to npm run check, unless it serves others, too", () => {
    const verifies = (options?: ServiceOptions) => defineService(UserService, () => naming, options).verifiesIdentity;
    expect([verifies(IDENTITY), verifies({ identity: {} })]).toEqual([true, true]);
    expect([verifies(), verifies({}), verifies({ identity: { required: false } })]).toEqual([false, false, false]);
  });
});

describe("a service that also serves calls without proof", () => {
  it("knows the caller of a binding, and nobody else", async () => {
    const options = { identity: { required: false } };
    const header = { "tidegate-identity": base64url(JSON.stringify(claimsOf())) };
    for (const [, client] of clientsOf(options, GATEWAY, header)) expect((await client.getUser({})).id).toBe(claimsOf().sub);
    for (const [, client] of clientsOf(options, undefined, header)) expect((await client.getUser({})).id).toBe("undefined");
  });
});

it("without identity a service knows no caller, whatever a header says", async () => {
  for (const [, client] of clientsOf({}, GATEWAY, { "tidegate-identity": base64url(JSON.stringify(claimsOf())) }))
    expect((await client.getUser({})).id).toBe("undefined");
});

describe("rules about calling Workers", () => {
  const orders = { props: { caller: "tidegate-orders" } };
  const allow = [{ from: "tidegate-orders", methods: ["users.v1.UserService/GetUser"] }];
  const identity = { callers: ["tidegate-orders", "tidegate-cart"], keys: keySetOf(key), allow };

  it("let a Worker call what they list, in each protocol, and the gateway everything", async () => {
    for (const [, client] of clientsOf({ identity }, orders)) {
      expect(await client.getUser({})).toMatchObject({ displayName: "anonymous" });
      await expect(first(client.watchUsers({}))).rejects.toMatchObject({
        ...{ code: Code.PermissionDenied, rawMessage: "the calling service may not call this method" },
      });
    }
    for (const [, client] of clientsOf({ identity }, GATEWAY)) expect((await first(client.watchUsers({})))?.user?.id).toBe("");
  });

  it("are logged where they refuse, with the Worker and the reason", async () => {
    const [[, client]] = clientsOf({ identity }, { props: { caller: "tidegate-cart" } }) as [[string, ReturnType<typeof clientsOf>[0][1]]];
    await expect(client.getUser({})).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(JSON.parse(String(log.mock.calls[0]![0]))).toMatchObject({
      ...{ event: "service_call_refused", route: "users.v1.UserService/GetUser", from: "tidegate-cart", reason: "method_not_allowed" },
      calls: 1,
    });
  });

  it("refuse calls that prove nothing, although others are not required to", async () => {
    for (const [, client] of clientsOf({ identity: { ...identity, required: false } }))
      await expect(client.getUser({})).rejects.toMatchObject({ code: Code.PermissionDenied });
  });

  it("that name no method end the service's start", async () => {
    const wrong = { callers: ["tidegate-orders"], allow: [{ from: "tidegate-orders", methods: ["users.v1.UserService/Gone"] }] };
    const { fetch } = defineService(UserService, () => naming, { identity: wrong });
    await expect(fetch(new Request(`https://users.example${GET_USER}`), {})).rejects.toThrow('found "users.v1.UserService/Gone"');
  });
});

describe("a Worker that signs", () => {
  const signing = { name: "tidegate-orders", keys: keySetOf(key) };
  const token = (overrides: object) => key.sign(claimsOf({ iss: "tidegate-orders", act: { sub: "tidegate-orders" }, ...overrides }));

  it("proves the caller, and which Worker calls", async () => {
    const calling: Users = {
      getUser: (_, context) => ({ id: JSON.stringify(callingServiceOf(context)), displayName: callerOf(context)!.id }),
    };
    const worker = defineService(UserService, () => calling, { identity: { callers: [signing] } });
    const headers = { "content-type": "application/json", "tidegate-identity": await token({}) };
    const response = await worker.fetch(new Request(`https://users.example${GET_USER}`, { method: "POST", headers, body: "{}" }), {});
    const { id, displayName } = (await response.json()) as { id: string; displayName: string };
    expect([JSON.parse(id), displayName]).toEqual([{ name: "tidegate-orders", before: [] }, claimsOf().sub]);
  });

  it("has to name itself as the one that acts", async () => {
    for (const act of [undefined, { sub: "tidegate-cart" }])
      for (const [, client] of clientsOf({ identity: { callers: [signing] } }, undefined, { "tidegate-identity": await token({ act }) }))
        await expect(client.getUser({})).rejects.toMatchObject({ code: Code.Unauthenticated });
    const records = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
    expect(records[0]).toMatchObject({ event: "identity_refused", reason: "identity_actor" });
  });
});

it("publishes the keys of the Worker, to whoever reads them", async () => {
  const options = { identity: { publish: ({ A, B }: { A: string; B?: string }) => [A, B] } } as ServiceOptions;
  const { fetch } = defineService(UserService, () => naming, options);
  const env = { A: JSON.stringify(key.jwk) };
  const at = (path: string, method = "GET") => fetch(new Request(`https://users.example${path}`, { method }), env as never);
  const response = await at("/.well-known/tidegate/jwks.json");
  const text = await response.text();
  expect([response.status, JSON.parse(text)]).toEqual([200, JSON.parse(keySetOf(key))]);
  expect(text).not.toContain(key.jwk.d);
  expect((await at("/.well-known/tidegate/jwks.json", "POST")).status).toBe(405);
  expect(
    (
      await defineService(UserService, () => naming, IDENTITY).fetch(
        new Request(response.url || "https://users.example/.well-known/tidegate/jwks.json"),
        {},
      )
    ).status,
  ).toBe(401);
});

describe("a call to a further service", () => {
  const seen: (string | null)[] = [];
  const target = {
    fetch(request: Request) {
      seen.push(request.headers.get("tidegate-identity"));
      return Response.json({});
    },
  } as unknown as Fetcher;
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (request) => target.fetch(request as Request));
  /** The header of the call that a service makes while it handles one. */
  const passedOn = async (to: Fetcher | string, options: ServiceOptions, text: string, ctx?: object) => {
    const passing: Users = {
      getUser: async (_, during: HandlerContext) => createClient(UserService, transportTo(to, { during, json: {} })).getUser({}),
    };
    const headers = { "content-type": "application/json", "tidegate-identity": text };
    const request = new Request(`https://users.example${GET_USER}`, { method: "POST", body: "{}", headers });
    await defineService(UserService, () => passing, options).fetch(request, {}, ctx as never);
    return seen.pop();
  };
  afterAll(() => fetched.mockRestore());

  it("names the same caller without a signature, and nobody where nothing is proven", async () => {
    const payload = base64url(JSON.stringify(claimsOf()));
    expect(await passedOn(target, IDENTITY, payload, GATEWAY)).toBe(payload);
    const token = await key.sign(claimsOf());
    expect(await passedOn(target, IDENTITY, token)).toBe(token.split(".")[1]);
    expect(await passedOn(target, {}, payload, GATEWAY)).toBeNull();
    expect(await passedOn(target, { identity: { required: false } }, payload)).toBeNull();
  });

  it("names the Worker that has called, for the next one, since the binding does not", async () => {
    const payload = base64url(JSON.stringify(claimsOf({ act: { sub: "tidegate-web" } })));
    const options = { identity: { callers: ["tidegate-cart"] } };
    const passed = await passedOn(target, options, payload, { props: { caller: "tidegate-cart" } });
    const { act } = JSON.parse(atob(passed!.replaceAll("-", "+").replaceAll("_", "/"))) as { act: unknown };
    expect(act).toEqual({ sub: "tidegate-cart", act: { sub: "tidegate-web" } });
  });

  it("at a URL names nobody: nothing would prove it there", async () => {
    expect(await passedOn("https://other.example", IDENTITY, await key.sign(claimsOf()))).toBeNull();
  });
});
