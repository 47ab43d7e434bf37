import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { Notification_Kind } from "../../../../protos/gen/notifications/v1/notifications_pb.ts";
import { OrderChange_Kind } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { deliver, event, listed, NOTIFICATION_STORE, ORDER, USER } from "./delivery.ts";

afterEach(() => reset());

it("lists what has happened to the orders of a user, the latest first, once however often it is delivered", async () => {
  const events = [
    event("e-1", OrderChange_Kind.CREATED),
    event("e-2", OrderChange_Kind.UPDATED),
    event("e-3", OrderChange_Kind.CANCELLED),
    event("e-4", OrderChange_Kind.DELETED),
  ];
  expect(await deliver(events)).toBe(4);
  await evictDurableObject(NOTIFICATION_STORE.getByName(USER));
  expect(await deliver(events)).toBe(4);
  const { CREATED, UPDATED, CANCELLED } = {
    CREATED: Notification_Kind.ORDER_CREATED,
    UPDATED: Notification_Kind.ORDER_UPDATED,
    CANCELLED: Notification_Kind.ORDER_CANCELLED,
  };
  const page = await listed();
  expect(page.notifications.map(({ kind }) => kind).sort()).toEqual([CREATED, UPDATED, CANCELLED]);
  expect(page.notifications.map(({ number }) => number)).toEqual([3n, 2n, 1n]);
  expect(page.notifications[0]).toMatchObject({ userId: USER, orderId: ORDER, eventTime: { seconds: 5n } });
  expect(page.nextPageToken).toBe("");
});

it("stores the latest notifications of a user alone", async () => {
  await runInDurableObject(NOTIFICATION_STORE.getByName(USER), (object) => void Object.assign(object, { maxRows: 3 }));
  for (let n = 0; n < 5; n++) await deliver([event(`e-${n}`, OrderChange_Kind.UPDATED)]);
  expect((await listed()).notifications.map(({ number }) => number)).toEqual([5n, 4n, 3n]);
});
