// The order service over its own Durable Object, with the user service beside it.
import { evictDurableObject, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Order, Order_State, OrderChange_Kind, OrderService } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../../workers/client/transport.ts";
import { defineService } from "../../../../workers/service.ts";
import { orders as implement } from "../../../../workers/services/orders/orders.ts";
import type { OrderStore } from "../../../../workers/services/orders/store.ts";
import { connectProto, expectInvalid, failureOf, firstOf, waysToCall, worker } from "../support.ts";

const { ORDER_STORE, USERS } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore>; USERS: Fetcher };
const orders = createClient(OrderService, connectProto(worker));
const users = createClient(UserService, transportTo(USERS));
const store = () => ORDER_STORE.getByName("orders");
const UNKNOWN_USER = "usr_01aryz6s41tsv4rrffq69g5fav";
const _UNKNOWN = "ord_01aryz6s41tsv4rrffq69g5fav";
const items = [
  { sku: "apple", quantity: 3, unitPriceCents: 25n },
  { sku: "pear.big", quantity: 10_000, unitPriceCents: 100_000_000n },
];

let userId = "";
let people = 0;
const newUser = async () => (await users.createUser({ user: { displayName: "Ada", email: `ada${people++}@example.com` } })).id;
const _place = (note = ""): Promise<Order> => orders.createOrder({ order: { userId, items, note } });

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
  it("needs a user that exists", async () => {
    await expectInvalid(orders.createOrder({ order: { userId: UNKNOWN_USER, items } }), ["order.user_id"], Code.NotFound);
  });

  it("returns the order placed first for a repeated request, even when its user has been deleted", async () => {
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

  it("is unavailable where the the user service can't be reached", async () => {
    const answers = [
      () => Promise.reject(new TypeError("no route")),
      async () => new Response("oops", { status: 500 }),
      async () => new Response(null, { status: 302, headers: { location: "http://elsewhere" } }),
      async () => Response.json({ code: "internal", message: "secret" }, { status: 500 }),
    ];
    for (const answer of answers) {
      const error = await failureOf(withUsers(answer).createOrder({ order: { userId, items } }));
      expect([error.code, error.rawMessage]).toEqual([Code.Unavailable, "the user service can't be reached"]);
    }
  });

  it("sends the user service its remaining time, its request id and its trace", async () => {
    let sent = new Headers();
    const trace = { "x-request-id": "r1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`, tracestate: "v=1" };
    const client = withUsers((request) => {
      sent = new Headers(request.headers);
      return USERS.fetch(request);
    });
    await client.createOrder({ order: { userId, items } }, { timeoutMs: 5_000, headers: { ...trace, authorization: "mine" } });
    expect(Object.fromEntries(sent)).toMatchObject(trace);
    expect(sent.has("authorization")).toBe(false);
    expect(Number(sent.get("connect-timeout-ms"))).toBeGreaterThan(4_000);
    expect(Number(sent.get("connect-timeout-ms"))).toBeLessThan(5_000);
  });

  it("ends at its deadline while the user service hangs", async () => {
    const client = withUsers(() => new Promise(() => undefined));
    expect((await failureOf(client.createOrder({ order: { userId, items } }, { timeoutMs: 50 }))).code).toBe(Code.DeadlineExceeded);
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
});
