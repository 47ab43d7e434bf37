// The methods of the order service. Each checks its whole request, calls the store (and to create an order, the user service), and
// returns the result or throws its error.
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { type Order, OrderSchema, type OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { transportTo } from "../../client/transport.ts";
import { originOf } from "../../queue.ts";
import { check, draftOf, type FieldRules, fieldsToUpdate, pick } from "../fields.ts";
import { pageOf, writePageToken } from "../pages.ts";
import { requestKey, requestKeyValue } from "../request-key.ts";
import { createdEntity, entityOrThrow, notFound } from "../store-result.ts";
import { hasLength, requireId, Violations, violationError } from "../violations.ts";
import { changesAfter } from "../watch.ts";
import type { OrderStore } from "./store.ts";

const RULES: FieldRules<Order> = {
  userId: (id, path, violations) => violations.requireId("usr", path, id),
  items: (items, path, violations) => {
    if (items.length < 1 || items.length > 100) return violations.add(path, "write 1 to 100 lines"); // they are not looked at
    for (const [index, { sku, quantity, unitPriceCents }] of items.entries()) {
      const line = `${path}[${index}]`;
      violations.require(/^[A-Za-z0-9_.-]{1,64}$/.test(sku), `${line}.sku`, "write 1 to 64 letters, digits, -, _ or .");
      violations.require(quantity >= 1 && quantity <= 10_000, `${line}.quantity`, "write 1 to 10000");
      violations.require(unitPriceCents >= 0n && unitPriceCents <= 100_000_000n, `${line}.unit_price_cents`, "write 0 to 100000000");
    }
  },
  note: (note, path, violations) => violations.require(hasLength(note, 0, 500), path, "write at most 500 characters"),
};

const CHANGE_ERRORS = { full: () => new ConnectError("storage is full", Code.ResourceExhausted) };

type Methods = ServiceImpl<typeof OrderService>;
type Store = () => DurableObjectStub<OrderStore>;

export function orders(stores: DurableObjectNamespace<OrderStore>, usersService: Fetcher): Methods {
  const store: Store = () => stores.getByName("orders"); // a new stub for each call: after an error, a stub stays broken
  return { ...readingMethods(store), ...changingMethods(store, usersService) };
}

function readingMethods(store: Store): Pick<Methods, "getOrder" | "listOrders" | "watchOrders"> {
  return {
    async getOrder({ id }) {
      requireId("ord", "id", id);
      const order = await store().get(id);
      if (order === undefined) throw notFound("order", id);
      return order;
    },

    async listOrders(request) {
      const violations = new Violations();
      const page = pageOf(request, "ord", violations);
      if (request.userId !== "") violations.requireId("usr", "user_id", request.userId);
      violations.throwIfAny();
      const { entities, hasMore } = await store().list(page, request.userId === "" ? undefined : request.userId);
      return { orders: entities, nextPageToken: hasMore ? writePageToken(entities.at(-1)!.id) : "" };
    },

    async *watchOrders({ afterRevision }, context) {
      for await (const { kind, entity, revision } of changesAfter(store, afterRevision, context)) {
        yield { kind, order: entity, revision };
      }
    },
  };
}

function changingMethods(store: Store, usersService: Fetcher): Omit<Methods, "getOrder" | "listOrders" | "watchOrders"> {
  return {
    async createOrder({ order, requestId }, context) {
      const violations = new Violations();
      const keyValue = requestKeyValue(requestId, context, violations);
      const draft = draftOf(OrderSchema, order ?? create(OrderSchema));
      check(RULES, OrderSchema.fields, draft, "order", violations);
      violations.throwIfAny();
      const key = await requestKey(keyValue, requestId, context, OrderSchema, draft);
      // A repeated call gets the same response, even where its user has been deleted meanwhile.
      const before = key === undefined ? undefined : await store().findCreated(draft, key);
      if (before === undefined) await requireUser(usersService, draft.userId, context);
      return createdEntity(OrderSchema, before ?? (await store().create(draft, key, originOf(context))), key?.isField === true, context);
    },

    async updateOrder({ order = create(OrderSchema), updateMask }, context) {
      const violations = new Violations();
      violations.requireId("ord", "order.id", order.id);
      const fields = fieldsToUpdate(OrderSchema, order, updateMask, violations);
      check(RULES, fields, order, "order", violations);
      violations.throwIfAny();
      const result = await store().update(order.id, pick(order, fields), originOf(context));
      return entityOrThrow(result, {
        ...CHANGE_ERRORS,
        not_found: () => notFound("order", order.id),
        not_open: () => new ConnectError("order is cancelled and can't be changed", Code.Aborted),
      });
    },

    async cancelOrder({ id }, context) {
      requireId("ord", "id", id);
      return entityOrThrow(await store().cancel(id, originOf(context)), { ...CHANGE_ERRORS, not_found: () => notFound("order", id) });
    },

    async deleteOrder({ id }, context) {
      requireId("ord", "id", id);
      entityOrThrow(await store().delete(id, originOf(context)), {
        ...CHANGE_ERRORS,
        not_found: () => notFound("order", id),
        not_cancelled: () => new ConnectError("order is open; cancel it first", Code.Aborted),
      });
      return {};
    },
  };
}

/** @throws ConnectError `not_found`, with the field that names the user, where there is no such user */
async function requireUser(usersService: Fetcher, id: string, context: HandlerContext): Promise<void> {
  const users = createClient(UserService, transportTo(usersService, { during: context }));
  try {
    await users.getUser({ id });
  } catch (reason) {
    const { code } = ConnectError.from(reason);
    if (code === Code.NotFound) {
      throw violationError(Code.NotFound, "order.user_id", `there is no user ${id}`);
    }
    if (code === Code.DeadlineExceeded || code === Code.Canceled) throw reason;
    throw new ConnectError("the user service can't be reached", Code.Unavailable, undefined, undefined, reason);
  }
}
