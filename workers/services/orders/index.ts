// The order service as a Worker.
import { OrderService } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { defineService } from "../../service.ts";
import { orders } from "./orders.ts";
import type { OrderStore } from "./store.ts";

export { OrderStore } from "./store.ts";

interface Env {
  readonly ORDER_STORE: DurableObjectNamespace<OrderStore>;
  readonly USERS: Fetcher;
}

export default defineService(OrderService, (env: Env) => orders(env.ORDER_STORE, env.USERS));
