// Runs the gateway with its example services in plain workerd, for clients that are made from its document.
import { GATEWAY_OBJECTS } from "../../bench/subjects.ts";
import { type Running, start } from "../../bench/workerd.ts";

const users = {
  entry: "workers/services/users/index.ts",
  about: "",
  objects: [{ binding: "USER_STORE", className: "UserStore" }],
  prepare,
};

/** @param folder a new folder of its own: bundles, configuration and the objects' storage */
export function startGateway(folder: string): Promise<Running> {
  const orders = {
    entry: "workers/services/orders/index.ts",
    about: "",
    objects: [{ binding: "ORDER_STORE", className: "OrderStore" }],
    workers: { USERS: users }, // the same Worker as that of the gateway
    prepare,
  };
  const notifications = {
    entry: "workers/services/notifications/index.ts",
    about: "",
    objects: [{ binding: "NOTIFICATION_STORE", className: "NotificationStore" }],
    prepare,
  };
  const gateway = {
    entry: "test/schemathesis/workers/gateway.ts",
    about: "",
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: users, ORDERS: orders, NOTIFICATIONS: notifications },
    prepare,
  };
  return start(folder, gateway, { upstreamPort: 1, cpu: 0 });
}

function prepare(): never {
  throw new Error("nothing is measured here");
}
