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

// Without a public address the Worker may serve calls that prove no caller: those of a gateway without `auth`.
const identity = { required: false };

export default defineService(OrderService, (env: Env) => orders(env.ORDER_STORE, env.USERS), { identity });
