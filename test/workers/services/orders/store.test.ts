// The states of an order in its store, through the order service.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Order, OrderService } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../../../workers/client/transport.ts";
import type { OrderStore } from "../../../../workers/services/orders/store.ts";
import { connectProto, expectInvalid, failureOf, worker } from "../support.ts";

const { ORDER_STORE, USERS } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore>; USERS: Fetcher };
const orders = createClient(OrderService, connectProto(worker));
const users = createClient(UserService, transportTo(USERS));
const _store = () => ORDER_STORE.getByName("orders");
const _UNKNOWN_USER = "usr_01aryz6s41tsv4rrffq69g5fav";
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

  it("has to exist", async () => {
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
