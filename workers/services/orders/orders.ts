// What the order service does: looks a request over as a whole, asks the user service and the store, and tells their verdicts.
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { type Order, OrderSchema, type OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../client/transport.ts";
import { check, draftOf, fieldsToUpdate, pick, type Rules } from "../fields.ts";
import { pageOf, writePageToken } from "../pages.ts";
import { requestKey } from "../request-key.ts";
import { createErrors, notFound, settle } from "../verdict.ts";
import { lengthOf, refuseUnlessId, Violations, violationError } from "../violations.ts";
import { changesAfter } from "../watch.ts";
import type { OrderStore } from "./store.ts";

const RULES: Rules<Order> = {
  userId: (id, path, wrong) => wrong.unlessId("usr", path, id),
  items: (items, path, wrong) => {
    wrong.unless(items.length >= 1 && items.length <= 100, path, "write 1 to 100 lines");
    for (const [index, { sku, quantity, unitPriceCents }] of items.entries()) {
      const line = `${path}[${index}]`;
      wrong.unless(/^[A-Za-z0-9_.-]{1,64}$/.test(sku), `${line}.sku`, "write 1 to 64 letters, digits, -, _ or .");
      wrong.unless(quantity >= 1 && quantity <= 10_000, `${line}.quantity`, "write 1 to 10000");
      wrong.unless(unitPriceCents >= 0n && unitPriceCents <= 100_000_000n, `${line}.unit_price_cents`, "write 0 to 100000000");
    }
  },
  note: (note, path, wrong) => wrong.unless(lengthOf(note) <= 500, path, "write at most 500 characters"),
};

export function orders(stores: DurableObjectNamespace<OrderStore>, usersService: Fetcher): ServiceImpl<typeof OrderService> {
  // One stub for one call: after an error a stub stays broken.
  const store = () => stores.getByName("orders");
  return {
    async createOrder({ order, requestId }, context) {
      const wrong = new Violations();
      const key = requestKey(requestId, context, wrong);
      const draft = draftOf(OrderSchema, order ?? create(OrderSchema));
      check(RULES, OrderSchema.fields, draft, "order", wrong);
      wrong.refuse();
      // A repeated call is answered as before, even where its user is gone by now.
      const before = key === undefined ? undefined : await store().recall(draft, key);
      if (before !== undefined) return settle(before, createErrors);
      await refuseUnlessUser(usersService, draft.userId, context);
      return settle(await store().create(draft, key), createErrors);
    },

    async getOrder({ id }) {
      refuseUnlessId("ord", "id", id);
      const order = await store().get(id);
      if (order === undefined) throw notFound("order", id);
      return order;
    },

    async listOrders(request) {
      const wrong = new Violations();
      const page = pageOf(request, "ord", wrong);
      if (request.userId !== "") wrong.unlessId("usr", "user_id", request.userId);
      wrong.refuse();
      const { entities, hasMore } = await store().list(page, request.userId === "" ? undefined : request.userId);
      return { orders: entities, nextPageToken: hasMore ? writePageToken(entities.at(-1)!.id) : "" };
    },

    async updateOrder({ order = create(OrderSchema), updateMask }) {
      const wrong = new Violations();
      wrong.unlessId("ord", "order.id", order.id);
      const fields = fieldsToUpdate(OrderSchema, order, updateMask, wrong);
      check(RULES, fields, order, "order", wrong);
      wrong.refuse();
      const verdict = await store().update(order.id, pick(order, fields));
      return settle(verdict, {
        not_found: () => notFound("order", order.id),
        not_open: () => new ConnectError("order is cancelled and can't be changed", Code.Aborted),
      });
    },

    async cancelOrder({ id }) {
      refuseUnlessId("ord", "id", id);
      return settle(await store().cancel(id), { not_found: () => notFound("order", id) });
    },

    async deleteOrder({ id }) {
      refuseUnlessId("ord", "id", id);
      settle(await store().delete(id), {
        not_found: () => notFound("order", id),
        not_cancelled: () => new ConnectError("order is open; cancel it first", Code.Aborted),
      });
      return {};
    },

    async *watchOrders({ afterRevision }, context) {
      for await (const { kind, entity, revision } of changesAfter(store, afterRevision, context)) {
        yield { kind, order: entity, revision };
      }
    },
  };
}

/** The request was well formed; what it refers to is not there: `not_found`, with the field that refers to it. */
async function refuseUnlessUser(usersService: Fetcher, id: string, context: HandlerContext): Promise<void> {
  const users = createClient(UserService, transportTo(usersService, { during: context }));
  try {
    await users.getUser({ id });
  } catch (reason) {
    const { code } = ConnectError.from(reason);
    if (code === Code.NotFound) {
      throw violationError(Code.NotFound, [{ field: "order.user_id", description: `there is no user ${id}` }]);
    }
    if (code === Code.DeadlineExceeded || code === Code.Canceled) throw reason;
    throw new ConnectError("users can't be asked", Code.Unavailable, undefined, undefined, reason);
  }
}
