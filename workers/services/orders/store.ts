// Stores the orders of all users, in one Durable Object. An order is open until it is cancelled; only then can it be deleted.
import { type Order, Order_State, OrderChange_Kind, OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { Collection } from "../collection.ts";
import type { RequestKey } from "../request-key.ts";
import type { Created, Done, Refused } from "../store-result.ts";

export class OrderStore extends Collection<Order, OrderChange_Kind> {
  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env, OrderSchema, "ord", ["CREATE INDEX by_user ON entities (found_by, id)"]);
  }

  create(draft: Order, key: RequestKey | undefined): Created {
    const order = { ...draft, state: Order_State.OPEN, totalCents: totalOf(draft) };
    return this.findCreated(draft, key) ?? this.add(order, key, OrderChange_Kind.CREATED);
  }

  /** @param patch the fields to change, by name */
  update(id: string, patch: Partial<Order>): Done<Order> | Refused<"not_found" | "not_open"> {
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state !== Order_State.OPEN) return { kind: "not_open" };
    if (Object.keys(patch).length === 0) return { kind: "done", entity: order };
    const changed = { ...order, ...patch };
    return this.replace({ ...changed, totalCents: totalOf(changed) }, OrderChange_Kind.UPDATED);
  }

  /** Cancelling a cancelled order changes nothing. */
  cancel(id: string): Done<Order> | Refused<"not_found"> {
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state === Order_State.CANCELLED) return { kind: "done", entity: order };
    return this.replace({ ...order, state: Order_State.CANCELLED }, OrderChange_Kind.CANCELLED);
  }

  delete(id: string): Done<Order> | Refused<"not_found" | "not_cancelled"> {
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state !== Order_State.CANCELLED) return { kind: "not_cancelled" };
    return this.remove(order, OrderChange_Kind.DELETED);
  }

  protected override foundBy({ userId }: Order): string {
    return userId;
  }
}

function totalOf({ items }: Order): bigint {
  return items.reduce((sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * unitPriceCents, 0n);
}
