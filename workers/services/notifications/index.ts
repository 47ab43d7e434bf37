// The notification service as a Worker: it consumes the events of orders, and stores those that it could not handle.
import { OrderChangeSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { NotificationService } from "../../../protos/gen/notifications/v1/notifications_pb.ts";
import { byQueue, type DeadLetters, DeadLetterService, deadLetterMethods, defineConsumer, storeDeadLetters } from "../../queue.ts";
import { defineServices, implementation } from "../../service.ts";
import { notificationOf, notifications } from "./notifications.ts";
import type { NotificationStore } from "./store.ts";

export { DeadLetters } from "../../queue.ts";
export { NotificationStore } from "./store.ts";

interface Env {
  readonly NOTIFICATION_STORE: DurableObjectNamespace<NotificationStore>;
  readonly DEAD_LETTERS: DurableObjectNamespace<DeadLetters>;
  readonly ORDER_EVENTS: Queue; // dead letters are sent there again
  readonly DEAD_ORDER_EVENTS: Queue;
  readonly ORDERS: { confirm(outbox: string, ids: readonly string[]): Promise<void> };
}

const deadLetters = ({ DEAD_LETTERS }: Env) => DEAD_LETTERS.getByName("order-events");
const confirm = (outbox: string, ids: readonly string[], { ORDERS }: Env) => ORDERS.confirm(outbox, ids);

const orderEvents = defineConsumer(OrderChangeSchema, {
  async handle(change, { id, eventTimeMs }, { NOTIFICATION_STORE }: Env) {
    const notification = notificationOf(change, eventTimeMs);
    if (notification !== undefined) await NOTIFICATION_STORE.getByName(notification.userId).add(id, notification);
  },
  deadLetters: ({ DEAD_ORDER_EVENTS }) => DEAD_ORDER_EVENTS,
  confirm,
});

// Without a public address the Worker may serve calls that prove no caller: those of a gateway without `auth`.
const identity = { required: false };

export default {
  ...defineServices(
    (env: Env) => [
      implementation(NotificationService, notifications(env.NOTIFICATION_STORE)),
      implementation(DeadLetterService, deadLetterMethods(() => deadLetters(env), env.ORDER_EVENTS)),
    ],
    { identity },
  ),
  queue: byQueue({
    "tidegate-order-events": orderEvents,
    "tidegate-order-events-dead": storeDeadLetters({ store: deadLetters, confirm }),
  }),
};
