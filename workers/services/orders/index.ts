// The order service as a Worker. Its events go to a queue; the consumer confirms them over the entry point `Confirmations`.
import { WorkerEntrypoint } from "cloudflare:workers";
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { defineService } from "../../service.ts";
import { orders } from "./orders.ts";
import type { OrderStore } from "./store.ts";

export { OrderStore } from "./store.ts";

interface Env {
  readonly ORDER_STORE: DurableObjectNamespace<OrderStore>;
  readonly ORDER_EVENTS: Queue;
  readonly USERS: Fetcher;
}

/** For consumers of the events: only a Worker with a service binding to it can call it. */
export class Confirmations extends WorkerEntrypoint<Env> {
  /** @param outbox name of the object that has recorded the events */
  async confirm(outbox: string, ids: readonly string[]): Promise<void> {
    await this.env.ORDER_STORE.getByName(outbox).confirm(ids);
  }
}

// Without a public address the Worker may serve calls that prove no caller: those of a gateway without `auth`.
const identity = { required: false };

export default defineService(OrderService, (env: Env) => orders(env.ORDER_STORE, env.USERS), { identity });
