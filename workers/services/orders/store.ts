// Stores the orders of all users, in one Durable Object. An order is open until it is cancelled; only then can it be deleted.
import { type Order, Order_State, OrderChange_Kind, OrderChangeSchema, OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { type EventOrigin, Outbox } from "../../queue.ts";
import { Collection } from "../collection.ts";
import type { RequestKey } from "../request-key.ts";
import type { Created, Done, Refused } from "../store-result.ts";

const NO_ORIGIN: EventOrigin = { requestId: "", traceparent: "" };

/** Each change is recorded as an event in the outbox, too: the notification service reads them from the queue. */
export class OrderStore extends Collection<Order, OrderChange_Kind> {
  readonly outbox: Outbox<typeof OrderChangeSchema>;
  #origin = NO_ORIGIN; // the call that is being served: methods that change something do not wait for anything

  constructor(ctx: DurableObjectState, env: Cloudflare.Env & { readonly ORDER_EVENTS: Queue }) {
    const outbox = new Outbox(OrderChangeSchema, ctx.storage, { name: ctx.id.name, queue: env.ORDER_EVENTS });
    super(ctx, env, OrderSchema, "ord", ["CREATE INDEX by_user ON entities (found_by, id)", Outbox.TABLE], { outbox });
    this.outbox = outbox;
  }

  create(draft: Order, key: RequestKey | undefined, origin = NO_ORIGIN): Created {
    this.#origin = origin;
    const created = this.findCreated(draft, key);
    if (created !== undefined) return created;
    if (this.outbox.isFull) return { kind: "full" };
    return this.add({ ...draft, state: Order_State.OPEN, totalCents: totalOf(draft) }, key, OrderChange_Kind.CREATED);
  }

  /** @param patch the fields to change, by name */
  update(id: string, patch: Partial<Order>, origin = NO_ORIGIN): Done<Order> | Refused<"not_found" | "not_open" | "full"> {
    this.#origin = origin;
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state !== Order_State.OPEN) return { kind: "not_open" };
    if (Object.keys(patch).length === 0) return { kind: "done", entity: order };
    if (this.outbox.isFull) return { kind: "full" };
    const changed = { ...order, ...patch };
    return this.replace({ ...changed, totalCents: totalOf(changed) }, OrderChange_Kind.UPDATED);
  }

  /** Cancelling a cancelled order changes nothing. */
  cancel(id: string, origin = NO_ORIGIN): Done<Order> | Refused<"not_found" | "full"> {
    this.#origin = origin;
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state === Order_State.CANCELLED) return { kind: "done", entity: order };
    if (this.outbox.isFull) return { kind: "full" };
    return this.replace({ ...order, state: Order_State.CANCELLED }, OrderChange_Kind.CANCELLED);
  }

  delete(id: string, origin = NO_ORIGIN): Done<Order> | Refused<"not_found" | "not_cancelled" | "full"> {
    this.#origin = origin;
    const order = this.get(id);
    if (order === undefined) return { kind: "not_found" };
    if (order.state !== Order_State.CANCELLED) return { kind: "not_cancelled" };
    if (this.outbox.isFull) return { kind: "full" };
    return this.remove(order, OrderChange_Kind.DELETED);
  }

  /** A consumer has handled these events. */
  confirm(ids: readonly string[]): void {
    this.outbox.confirm(ids);
  }

  protected override changed(kind: OrderChange_Kind, order: Order, revision: number): void {
    this.outbox.record({ kind, order, revision: BigInt(revision) }, Date.now(), this.#origin);
  }

  protected override foundBy({ userId }: Order): string {
    return userId;
  }
}

function totalOf({ items }: Order): bigint {
  return items.reduce((sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * unitPriceCents, 0n);
}
