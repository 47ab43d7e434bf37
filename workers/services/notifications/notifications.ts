// The methods of the notification service, and the notification that a change of an order makes.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type Notification,
  Notification_Kind,
  NotificationSchema,
  type NotificationService,
} from "../../../protos/gen/notifications/v1/notifications_pb.ts";
import { type OrderChange, OrderChange_Kind } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { Violations } from "../violations.ts";
import type { NotificationStore } from "./store.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 100;
const PAGE_TOKEN = /^(?:before_([1-9][0-9]{0,15}))?$/;

const TEXTS: Readonly<Partial<Record<OrderChange_Kind, readonly [Notification_Kind, string]>>> = {
  [OrderChange_Kind.CREATED]: [Notification_Kind.ORDER_CREATED, "Your order was placed."],
  [OrderChange_Kind.UPDATED]: [Notification_Kind.ORDER_UPDATED, "Your order was changed."],
  [OrderChange_Kind.CANCELLED]: [Notification_Kind.ORDER_CANCELLED, "Your order was cancelled."],
};

/** @returns undefined where the user is not notified of the change: an order is deleted after it was cancelled */
export function notificationOf({ kind, order }: OrderChange, eventTimeMs: number): Notification | undefined {
  const content = TEXTS[kind];
  if (content === undefined || order === undefined) return undefined;
  const [notified, text] = content;
  const eventTime = timestampFromMs(eventTimeMs);
  return create(NotificationSchema, { userId: order.userId, kind: notified, orderId: order.id, text, eventTime });
}

export function notifications(stores: DurableObjectNamespace<NotificationStore>): ServiceImpl<typeof NotificationService> {
  return {
    async listNotifications({ userId, pageSize, pageToken }) {
      const violations = new Violations();
      violations.requireId("usr", "user_id", userId);
      violations.require(pageSize >= 0, "page_size", "write 0 or more");
      const token = PAGE_TOKEN.exec(pageToken);
      violations.require(token !== null, "page_token", "write the next_page_token of the page before");
      violations.throwIfAny();
      const limit = pageSize === 0 ? DEFAULT_PAGE : Math.min(pageSize, MAX_PAGE);
      const before = token?.[1] === undefined ? undefined : Number(token[1]);
      const page = await stores.getByName(userId).list(limit, before);
      return { notifications: page.notifications, nextPageToken: page.hasMore ? `before_${page.notifications.at(-1)!.number}` : "" };
    },
  };
}
