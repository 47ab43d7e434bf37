// The order service over its own Durable Object, with the user service beside it.
import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Code, ConnectError, createClient, createHandlerContext, type HandlerContext } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Order, Order_State, OrderChange_Kind, OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../workers/client/transport.ts";
import { defineService } from "../../../workers/service.ts";
import { orders as implement } from "../../../workers/services/orders/orders.ts";
import type { OrderStore } from "../../../workers/services/orders/store.ts";
import { connectProto, expectInvalid, failureOf, firstOf, waysToCall, worker } from "./support.ts";

const { ORDER_STORE, USERS } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore>; USERS: Fetcher };
const orders = createClient(OrderService, connectProto(worker));
const users = createClient(UserService, transportTo(USERS));
const store = () => ORDER_STORE.getByName("orders");
const UNKNOWN_USER = "usr_01aryz6s41tsv4rrffq69g5fav";
const UNKNOWN = "ord_01aryz6s41tsv4rrffq69g5fav";
const items = [
  { sku: "apple", quantity: 3, unitPriceCents: 25n },
  { sku: "pear.big", quantity: 10_000, unitPriceCents: 100_000_000n },
];

let userId = "";
let people = 0;
const newUser = async () => (await users.createUser({ user: { displayName: "Ada", email: `ada${people++}@example.com` } })).id;
const place = (note = ""): Promise<Order> => orders.createOrder({ order: { userId, items, note } });

beforeEach(async () => {
  userId = await newUser();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe.each(waysToCall(worker))("over %s", (_name, transport) => {
  const orders = createClient(OrderService, transport);

  it("places, gets, lists, changes, cancels and deletes", async () => {
    const order = await orders.createOrder({ order: { userId, items, note: "n", state: Order_State.CANCELLED, totalCents: 7n } });
    expect(order).toMatchObject({ userId, items, note: "n", state: Order_State.OPEN, totalCents: 1_000_000_000_075n });
    expect(order.id).toMatch(/^ord_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(await orders.getOrder({ id: order.id })).toEqual(order);
    expect((await orders.listOrders({ userId })).orders).toEqual([order]);
    const changed = await orders.updateOrder({ order: { id: order.id, items: [items[0]!] } });
    expect(changed).toMatchObject({ items: [items[0]], note: "n", totalCents: 75n });
    expect(await orders.cancelOrder({ id: order.id })).toMatchObject({ state: Order_State.CANCELLED });
    await orders.deleteOrder({ id: order.id });
    expect((await failureOf(orders.getOrder({ id: order.id }))).code).toBe(Code.NotFound);
    const kinds = (await firstOf(3, (signal) => orders.watchOrders({ afterRevision: 1n }, { signal }))).map(({ kind }) => kind);
    expect(kinds).toEqual([OrderChange_Kind.UPDATED, OrderChange_Kind.CANCELLED, OrderChange_Kind.DELETED]);
  });

  it("names every field that is wrong", async () => {
    const bad = [
      { sku: "", quantity: 0, unitPriceCents: -1n },
      { sku: "a b", quantity: 10_001, unitPriceCents: 100_000_001n },
    ];
    const lines = [0, 1].flatMap((n) => ["sku", "quantity", "unit_price_cents"].map((name) => `order.items[${n}].${name}`));
    await expectInvalid(orders.createOrder({ order: { userId: "ada", items: bad, note: "x".repeat(501) } }), [
      "order.user_id",
      ...lines,
      "order.note",
    ]);
    await expectInvalid(orders.createOrder({}), ["order.user_id", "order.items"]);
    await expectInvalid(orders.createOrder({ order: { userId, items: Array(101).fill(items[0]) } }), ["order.items"]);
    await expectInvalid(orders.listOrders({ userId: "ada", pageSize: -1 }), ["page_size", "user_id"]);
    await expectInvalid(orders.cancelOrder({ id: userId }), ["id"]);
    await expectInvalid(orders.deleteOrder({ id: "x" }), ["id"]);
    await expectInvalid(orders.getOrder({}), ["id"]);
    await expectInvalid(orders.updateOrder({ order: { id: "x" }, updateMask: { paths: ["user_id", "total_cents"] } }), [
      "order.id",
      "update_mask",
      "update_mask",
    ]);
  });
});

describe("placing an order", () => {
  it("needs a user who is there", async () => {
    await expectInvalid(orders.createOrder({ order: { userId: UNKNOWN_USER, items } }), ["order.user_id"], Code.NotFound);
  });

  it("answers a repeated request with the order placed first, even when its user is gone by now", async () => {
    const first = await orders.createOrder({ order: { userId, items }, requestId: "k" });
    await users.deleteUser({ id: userId });
    await evictDurableObject(store());
    expect(await orders.createOrder({ order: { userId, items } }, { headers: { "Idempotency-Key": "k" } })).toEqual(first);
    const other = await failureOf(orders.createOrder({ order: { userId, items, note: "x" }, requestId: "k" }));
    expect(other.code).toBe(Code.AlreadyExists);
    expect((await orders.listOrders({})).orders).toHaveLength(1);
  });

  const withUsers = (answer: (request: Request) => Promise<Response>) => {
    const { fetch } = defineService(OrderService, () => implement(ORDER_STORE, { fetch: answer } as unknown as Fetcher));
    return createClient(
      OrderService,
      connectProto((request) => fetch(request, {})),
    );
  };

  it("is unavailable where the users can't be asked", async () => {
    const answers = [
      () => Promise.reject(new TypeError("no route")),
      async () => new Response("oops", { status: 500 }),
      async () => new Response(null, { status: 302, headers: { location: "http://elsewhere" } }),
      async () => Response.json({ code: "internal", message: "secret" }, { status: 500 }),
    ];
    for (const answer of answers) {
      const error = await failureOf(withUsers(answer).createOrder({ order: { userId, items } }));
      expect([error.code, error.rawMessage]).toEqual([Code.Unavailable, "users can't be asked"]);
    }
  });

  it("gives the users what is left of its own time, its request id and its trace", async () => {
    let asked = new Headers();
    const trace = { "x-request-id": "r1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "v=1" };
    const client = withUsers((request) => {
      asked = new Headers(request.headers);
      return USERS.fetch(request);
    });
    await client.createOrder({ order: { userId, items } }, { timeoutMs: 5_000, headers: { ...trace, authorization: "mine" } });
    expect(Object.fromEntries(asked)).toMatchObject(trace);
    expect(asked.has("authorization")).toBe(false);
    expect(Number(asked.get("connect-timeout-ms"))).toBeGreaterThan(4_000);
    expect(Number(asked.get("connect-timeout-ms"))).toBeLessThan(5_000);
  });

  it("ends at its deadline while the users hang", async () => {
    const client = withUsers(() => new Promise(() => undefined));
    expect((await failureOf(client.createOrder({ order: { userId, items } }, { timeoutMs: 50 }))).code).toBe(Code.DeadlineExceeded);
  });
});

describe("an order", () => {
  it("can be changed and cancelled while it is open, and deleted once it is not", async () => {
    const { id } = await place("n");
    expect((await failureOf(orders.deleteOrder({ id }))).code).toBe(Code.Aborted);
    expect(await orders.updateOrder({ order: { id, note: "" }, updateMask: { paths: ["note"] } })).toMatchObject({ note: "", items });
    await expectInvalid(orders.updateOrder({ order: { id }, updateMask: { paths: ["items"] } }), ["order.items"]);
    const cancelled = await orders.cancelOrder({ id });
    expect(await orders.cancelOrder({ id })).toEqual(cancelled);
    expect((await failureOf(orders.updateOrder({ order: { id, note: "x" } }))).code).toBe(Code.Aborted);
    await orders.deleteOrder({ id });
  });

  it("has to be there", async () => {
    for (const call of [orders.getOrder, orders.cancelOrder, orders.deleteOrder]) {
      expect((await failureOf(call({ id: UNKNOWN }))).code).toBe(Code.NotFound);
    }
    expect((await failureOf(orders.updateOrder({ order: { id: UNKNOWN, note: "x" } }))).code).toBe(Code.NotFound);
  });

  it("changes nothing where no field is named", async () => {
    const order = await place();
    expect(await orders.updateOrder({ order: { id: order.id } })).toEqual(order);
  });
});

describe("a list of orders", () => {
  it("comes in pages, of all users or of one, whose token is a position", async () => {
    const other = await newUser();
    for (let n = 0; n < 124; n++) await orders.createOrder({ order: { userId: n % 2 === 0 ? userId : other, items, note: String(n) } });
    const notes = async (filter: string) => {
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = await orders.listOrders({ userId: filter, pageSize: 20, pageToken });
        seen.push(...page.orders.map(({ note }) => note));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return seen;
    };
    const all = Array.from({ length: 124 }, (_, n) => String(n));
    expect(await notes("")).toEqual(all);
    expect(await notes(other)).toEqual(all.filter((_, n) => n % 2 === 1));
    const { nextPageToken } = await orders.listOrders({ userId, pageSize: 1 });
    const { orders: after } = await orders.listOrders({ pageSize: 1, pageToken: nextPageToken });
    expect(after.map(({ note }) => note)).toEqual(["1"]); // a position among all orders
  });

  it("ends a page early that would grow too large", async () => {
    const long = Array.from({ length: 100 }, () => ({ sku: "s".repeat(64), quantity: 1, unitPriceCents: 1n }));
    await Promise.all(Array.from({ length: 150 }, () => orders.createOrder({ order: { userId, items: long } })));
    const page = await orders.listOrders({ pageSize: 1000 });
    expect(page.orders.length).toBeLessThan(150);
    const rest = await orders.listOrders({ pageSize: 1000, pageToken: page.nextPageToken });
    expect(page.orders.length + rest.orders.length).toBe(150);
  });
});

describe("a transport to another service", () => {
  const during = (timeoutMs?: number): HandlerContext => {
    const { getUser: method } = UserService.method;
    const init = { method, service: UserService, protocolName: "connect", requestMethod: "POST", url: "http://x" };
    return createHandlerContext({ ...init, ...(timeoutMs !== undefined && { timeoutMs }), requestHeader: { "x-request-id": "r1" } });
  };
  const binding = (answer: (request: Request) => Response | Promise<Response>) =>
    ({ fetch: async (request: Request) => answer(request) }) as unknown as Fetcher;

  it("makes no call when there is no time left for one", async () => {
    const fetch = vi.fn();
    const client = createClient(UserService, transportTo({ fetch } as unknown as Fetcher, { during: during(0) }));
    expect((await failureOf(client.getUser({ id: userId }))).code).toBe(Code.DeadlineExceeded);
    expect((await failureOf(client.watchUsers({}))).code).toBe(Code.DeadlineExceeded);
    expect(fetch).not.toHaveBeenCalled();
  });

  it("has a deadline for unary calls of its own, and leaves headers that were set for the call", async () => {
    let asked = new Headers();
    const target = binding((request) => {
      asked = request.headers;
      return Response.json({}, { headers: { "content-type": "application/proto" } });
    });
    await createClient(UserService, transportTo(target, { during: during(), timeoutMs: 700 }))
      .getUser({ id: userId }, { headers: { "x-request-id": "mine" } })
      .catch(() => undefined);
    expect([asked.get("connect-timeout-ms"), asked.get("x-request-id")]).toEqual(["700", "mine"]);
  });

  it("ends with the call it is made for", async () => {
    const hanging = binding(({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))));
    const context = during() as HandlerContext & { abort(reason: unknown): void };
    const client = createClient(UserService, transportTo(hanging, { during: context }));
    const call = failureOf(client.getUser({ id: userId }));
    context.abort(new ConnectError("over", Code.Canceled));
    expect((await call).code).toBe(Code.Canceled);
  });

  it("takes a 504 without a body for what it is", async () => {
    const client = createClient(UserService, transportTo(binding(() => new Response("error code: 504", { status: 504 }))));
    expect((await failureOf(client.getUser({ id: userId }))).code).toBe(Code.DeadlineExceeded);
  });

  it("keeps the error of the other service, details and all", async () => {
    await expectInvalid(users.getUser({ id: "x" }), ["id"]);
  });

  it("reads an answer that the platform has unpacked although its headers say otherwise", async () => {
    const headers = { "content-type": "application/proto", "content-encoding": "gzip", "content-length": "999" };
    vi.spyOn(globalThis, "fetch").mockImplementation(
      async () => new Response(new Uint8Array([10, 1, 97]), { headers, encodeBody: "manual" }),
    );
    expect(await createClient(UserService, transportTo("https://users.example.com/")).getUser({ id: userId })).toMatchObject({ id: "a" });
    expect(vi.mocked(fetch).mock.calls[0]![0]).toMatchObject({ url: "https://users.example.com/users.v1.UserService/GetUser" });
  });

  it("streams", async () => {
    const { id } = await users.createUser({ user: { displayName: "B", email: "b@example.com" } });
    await users.deleteUser({ id });
    const [change] = await firstOf(1, (signal) => users.watchUsers({ afterRevision: 1n }, { signal }));
    expect(change?.revision).toBe(2n);
  });
});
