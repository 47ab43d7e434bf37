// Delivers events of orders to the notification service, and lists what it has stored.
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createClient } from "@connectrpc/connect";
import { NotificationService } from "../../../../protos/gen/notifications/v1/notifications_pb.ts";
import { type OrderChange_Kind, OrderChangeSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { sealed } from "../../../../workers/queue/envelope.ts";
import { NO_ORIGIN } from "../../../../workers/queue/origin.ts";
import main from "../../../../workers/services/notifications/index.ts";
import type { NotificationStore } from "../../../../workers/services/notifications/store.ts";
import { connectProto, worker } from "../support.ts";

export const USER = "usr_01aryz6s41tsv4rrffq69g5fav";
export const ORDER = "ord_01aryz6s41tsv4rrffq69g5fav";
const bindings = env as unknown as Parameters<typeof main.queue>[1];
export const { NOTIFICATION_STORE } = env as unknown as { NOTIFICATION_STORE: DurableObjectNamespace<NotificationStore> };
const notifications = createClient(NotificationService, connectProto(worker));

export const event = (id: string, kind: OrderChange_Kind): Uint8Array =>
  sealed(OrderChangeSchema, { kind, order: { id: ORDER, userId: USER } }, { id, eventTimeMs: 5_000, origin: NO_ORIGIN, outbox: "orders" });

/** @returns how many messages were acknowledged */
export async function deliver(bodies: readonly unknown[], queue = "tidegate-order-events"): Promise<number> {
  const batch = createMessageBatch(
    queue,
    bodies.map((body, n) => ({ id: `m-${n}`, timestamp: new Date(0), attempts: 1, body })),
  );
  await main.queue(batch, bindings);
  return (await getQueueResult(batch, createExecutionContext())).explicitAcks.length;
}

export const listed = async (request = {}) => notifications.listNotifications({ userId: USER, ...request });
