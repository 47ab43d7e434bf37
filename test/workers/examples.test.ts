// The example services through the real gateway, in every protocol: what a caller can do, and what callers get wrong.

import { env } from "cloudflare:workers";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createFetchClient } from "@connectrpc/connect/protocol";
import { createTransport as connectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as grpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import { describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { OrderService } from "../../protos/gen/orders/v1/orders_pb.ts";
import { UserChange_Kind, UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { createApp } from "../../workers/gateway/app.ts";
import type { Bindings } from "../../workers/gateway/upstream/destination.ts";
import { PATIENT_MS } from "../support/gateway.ts";
import { catalog } from "../support/shipped/catalog.ts";
import config from "../support/shipped/gateway.config.ts";

const BASE = "https://gateway.example";
/** The shipped configuration; its rules wait longer for their objects, which are slow on a busy machine. */
const rateLimits = Object.fromEntries(
  Object.entries(config.rateLimits ?? {}).map(([name, rule]) => [name, { ...rule, waitMs: PATIENT_MS }]),
);
const app = createApp({ ...config, rateLimits }, catalog, env as unknown as Bindings);

/** Every caller has an address of its own, and so buckets of its own. */
let callers = 0;
function caller() {
  const address = `192.0.2.${++callers}`;
  return (input: string | Request, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(input, init);
    request.headers.set("cf-connecting-ip", address);
    return Promise.resolve(app.fetch(request));
  };
}

const common = {
  baseUrl: BASE,
  interceptors: [],
  acceptCompression: [],
  sendCompression: null,
  compressMinBytes: 1024,
  readMaxBytes: 2 ** 20,
  writeMaxBytes: 2 ** 20,
};
const transports = {
  "Connect, JSON": () => connectTransport({ ...common, httpClient: createFetchClient(caller() as never), useBinaryFormat: false }),
  "Connect, proto": () => connectTransport({ ...common, httpClient: createFetchClient(caller() as never), useBinaryFormat: true }),
  "Connect, GET": () =>
    connectTransport({ ...common, httpClient: createFetchClient(caller() as never), useBinaryFormat: true, useHttpGet: true }),
  "gRPC-Web": () => grpcWebTransport({ ...common, httpClient: createFetchClient(caller() as never), useBinaryFormat: true }),
};

let names = 0;
const draft = () => ({ displayName: `User ${++names}`, email: `user-${names}@example.com` });

async function failure(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => expect.unreachable("the call succeeded"),
    (error) => ConnectError.from(error),
  );
}

describe.each(Object.entries(transports))("the users service over %s", (_, transport) => {
  it("creates, gets, lists, updates and deletes", async () => {
    const users = createClient(UserService, transport());
    const user = await users.createUser({ user: draft() });
    expect(user.id).toMatch(/^usr_[0-9a-z]{26}$/);
    expect(await users.getUser({ id: user.id })).toEqual(user);

    let pageToken = "";
    const seen: string[] = [];
    do {
      const page = await users.listUsers({ pageSize: 2, pageToken });
      seen.push(...page.users.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toContain(user.id);
    expect(new Set(seen).size).toBe(seen.length);

    const renamed = await users.updateUser({
      user: { id: user.id, displayName: "Renamed", email: "ignored@example.com" },
      updateMask: { paths: ["display_name"] },
    });
    expect(renamed).toMatchObject({ displayName: "Renamed", email: user.email });
    await users.deleteUser({ id: user.id });
    expect((await failure(users.getUser({ id: user.id }))).code).toBe(Code.NotFound);
  });

  it("creates once, however often a request id is repeated", async () => {
    const users = createClient(UserService, transport());
    const request = { user: draft(), requestId: crypto.randomUUID() };
    const first = await users.createUser(request);
    expect((await users.createUser(request)).id).toBe(first.id);
  });

  it("watches changes as they happen, and resumes after the last one seen", async () => {
    const users = createClient(UserService, transport());
    const before = await users.createUser({ user: draft() });
    const changes = users.watchUsers({ afterRevision: 1n }, { timeoutMs: 5_000 })[Symbol.asyncIterator]();
    let change = (await changes.next()).value;
    while (change.user?.id !== before.id) change = (await changes.next()).value;
    expect(change.kind).toBe(UserChange_Kind.CREATED);

    const next = changes.next(); // nothing has happened yet: it waits
    const user = await users.createUser({ user: draft() });
    expect((await next).value).toMatchObject({ kind: UserChange_Kind.CREATED, user: { id: user.id }, revision: change.revision + 1n });
    await changes.return?.();
  });

  it("ends a watch with deadline_exceeded, not with silence", async () => {
    const users = createClient(UserService, transport());
    await users.createUser({ user: draft() });
    const watch = async () => {
      for await (const _ of users.watchUsers({}, { timeoutMs: 300 })) expect.unreachable("nothing has happened");
    };
    expect((await failure(watch())).code).toBe(Code.DeadlineExceeded);
  });

  it("tells all that is wrong with a request, field by field", async () => {
    const error = await failure(createClient(UserService, transport()).createUser({ user: { displayName: "", email: "nobody" } }));
    expect(error.code).toBe(Code.InvalidArgument);
    const [detail] = error.findDetails(BadRequestSchema);
    expect(detail?.fieldViolations.map(({ field }) => field).sort()).toEqual(["user.display_name", "user.email"]);
  });

  it.each([
    ["an id that is none", (users: Client<typeof UserService>) => users.getUser({ id: "nobody" }), Code.InvalidArgument],
    ["a page token that is none", (users: Client<typeof UserService>) => users.listUsers({ pageToken: "x" }), Code.InvalidArgument],
    ["a user who is not there", (users: Client<typeof UserService>) => users.deleteUser({ id: `usr_${"0".repeat(26)}` }), Code.NotFound],
  ])("answers %s with a code of its own", async (_, call, code) => {
    expect((await failure(call(createClient(UserService, transport())))).code).toBe(code);
  });
});

describe("the orders service", () => {
  it("calls the users service, over its binding, to check whether the user exists", async () => {
    const orders = createClient(OrderService, transports["Connect, proto"]());
    const users = createClient(UserService, transports["Connect, proto"]());
    const { id: userId } = await users.createUser({ user: draft() });
    const order = await orders.createOrder({ order: { userId, items: [{ sku: "tea", quantity: 2, unitPriceCents: 450n }] } });
    expect(order).toMatchObject({ userId, totalCents: 900n });
    const error = await failure(orders.createOrder({ order: { userId: `usr_${"0".repeat(26)}`, items: [{ sku: "tea", quantity: 1 }] } }));
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("order.user_id");
  });

  it("cancels over REST, with a verb in the path", async () => {
    const fetch = caller();
    const call = async (method: string, path: string, body?: unknown) => {
      const init =
        body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      return (await fetch(`${BASE}${path}`, init)).json<{ id: string; state: string; orders: unknown[] }>();
    };
    const { id: userId } = await call("POST", "/api/v1/users", draft());
    const { id } = await call("POST", "/api/v1/orders", { userId, items: [{ sku: "tea", quantity: 1 }] });
    expect(await call("POST", `/api/v1/orders/${id}:cancel`, {})).toMatchObject({ id, state: "STATE_CANCELLED" });
    expect((await call("GET", `/api/v1/users/${userId}/orders`)).orders).toHaveLength(1);
  });
});

describe("the users service over REST", () => {
  const post = (fetch: ReturnType<typeof caller>, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${BASE}/api/v1/users`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  it("creates, gets, lists, updates and deletes", async () => {
    const fetch = caller();
    const made = await post(fetch, draft());
    expect(made.status).toBe(200);
    const user = await made.json<{ id: string; email: string }>();
    expect(await (await fetch(`${BASE}/api/v1/users/${user.id}`)).json()).toEqual(user);
    expect((await (await fetch(`${BASE}/api/v1/users?pageSize=1`)).json<{ users: unknown[] }>()).users).toHaveLength(1);
    const patch = { method: "PATCH", headers: { "content-type": "application/json" }, body: '{"displayName":"Renamed"}' };
    expect(await (await fetch(`${BASE}/api/v1/users/${user.id}`, patch)).json()).toMatchObject({
      displayName: "Renamed",
      email: user.email,
    });
    expect(
      await (
        await fetch(`${BASE}/api/v1/users/${user.id}?updateMask=displayName`, { ...patch, body: '{"displayName":"Again","email":"kept"}' })
      ).json(),
    ).toMatchObject({
      displayName: "Again",
      email: user.email,
    });
    expect(await (await fetch(`${BASE}/api/v1/users/${user.id}`, { method: "DELETE" })).json()).toEqual({});
    expect((await fetch(`${BASE}/api/v1/users/${user.id}`)).status).toBe(404);
  });

  it("creates once for one Idempotency-Key", async () => {
    const fetch = caller();
    const [body, key] = [draft(), { "idempotency-key": crypto.randomUUID() }];
    const first = await (await post(fetch, body, key)).json();
    expect(await (await post(fetch, body, key)).json()).toEqual(first);
  });

  it.each([
    ["text/event-stream", /^data: \{"kind":"KIND_[A-Z]+"/],
    ["application/x-ndjson", /^\{"kind":"KIND_[A-Z]+"/],
    ["application/json", /^\[\{"kind":"KIND_[A-Z]+"/],
  ])("watches as %s: a change is there before the next one has happened", async (accept, start) => {
    const fetch = caller();
    const { id } = await (await post(fetch, draft())).json<{ id: string }>();
    const answer = await fetch(`${BASE}/api/v1/users:watch?afterRevision=1`, { headers: { accept } });
    expect(answer.headers.get("content-type")).toBe(accept);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(id)) text += (await reader.read()).value;
    expect(text.slice(0, 40)).toMatch(start);
    await reader.cancel();
  });

  it.each([
    ["malformed JSON", "{", 400],
    ["an unknown field", '{"displayNam":"x"}', 400],
    ["a list where an object belongs", "[]", 400],
    ["a body over 1 MiB", JSON.stringify({ displayName: "x".repeat(2 ** 20) }), 413],
    ["nesting without end", "[".repeat(200_000), 400],
  ])("answers %s with a client's error of its own", async (_, body, status) => {
    const answer = await post(caller(), body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code: expect.any(Number), message: expect.stringMatching(/\S/) });
  });
});

describe("what callers get wrong in Connect and gRPC-Web", () => {
  const procedure = (method: string) => `${BASE}/users.v1.UserService/${method}`;
  const post = (method: string, contentType: string, body: BodyInit) =>
    caller()(procedure(method), { method: "POST", headers: { "content-type": contentType }, body });
  const envelope = (bytes: readonly number[]) => new Uint8Array([0, 0, 0, 0, bytes.length, ...bytes]);

  it.each([
    ["malformed JSON", () => post("GetUser", "application/json", "{"), 400],
    ["an unknown field", () => post("GetUser", "application/json", '{"ID":"x"}'), 400],
    ["a malformed message", () => post("GetUser", "application/proto", new Uint8Array([0x0a, 0xff])), 400],
    ["malformed base64 in a GET", () => caller()(`${procedure("GetUser")}?connect=v1&encoding=proto&base64=1&message=%25%25`), 400],
    ["a GET without its message", () => caller()(`${procedure("GetUser")}?connect=v1&encoding=proto`), 400],
    ["a body over 1 MiB", () => post("CreateUser", "application/proto", new Uint8Array(2 ** 20 + 100)), 429],
  ])("%s is a client's error in Connect, never 5xx", async (_, call, status) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code: status === 400 ? "invalid_argument" : "resource_exhausted" });
  });

  it("a malformed message is a client's error in gRPC-Web and in a stream, too", async () => {
    const web = await post("GetUser", "application/grpc-web+proto", envelope([0x0a, 0xff]));
    const trailers = `grpc-status: ${web.headers.get("grpc-status")}\n${await web.text()}`;
    expect(trailers).toMatch(/grpc-status: ?3/);
    const stream = await post("WatchUsers", "application/connect+proto", envelope([0x0a, 0xff]));
    expect(await stream.text()).toContain('"invalid_argument"');
  });
});
