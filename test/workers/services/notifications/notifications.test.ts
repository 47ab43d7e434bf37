import { reset } from "cloudflare:test";
import { create } from "@bufbuild/protobuf";
import { afterEach, expect, it } from "vitest";
import { Notification_Kind } from "../../../../protos/gen/notifications/v1/notifications_pb.ts";
import { OrderChange_Kind, OrderChangeSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { notificationOf } from "../../../../workers/services/notifications/notifications.ts";
import { expectInvalid } from "../support.ts";
import { deliver, event, listed, ORDER, USER } from "./delivery.ts";

afterEach(() => reset());

it("notifies a user of each change of an order but its deletion", () => {
  const kinds = [OrderChange_Kind.CREATED, OrderChange_Kind.UPDATED, OrderChange_Kind.CANCELLED, OrderChange_Kind.DELETED];
  const made = kinds.map((kind) => notificationOf(create(OrderChangeSchema, { kind, order: { id: ORDER, userId: USER } }), 5_000)?.kind);
  expect(made).toEqual([Notification_Kind.ORDER_CREATED, Notification_Kind.ORDER_UPDATED, Notification_Kind.ORDER_CANCELLED, undefined]);
  expect(notificationOf(create(OrderChangeSchema, { kind: OrderChange_Kind.CREATED }), 5_000)).toBeUndefined();
});

it("lists in pages", async () => {
  for (let n = 0; n < 5; n++) await deliver([event(`e-${n}`, OrderChange_Kind.UPDATED)]);
  const first = await listed({ pageSize: 3 });
  const second = await listed({ pageSize: 3, pageToken: first.nextPageToken });
  const numbers = [first, second].map((page) => page.notifications.map(({ number }) => Number(number)));
  expect([numbers, second.nextPageToken]).toEqual([
    [
      [5, 4, 3],
      [2, 1],
    ],
    "",
  ]);
});

it("names every field that is wrong", async () => {
  await expectInvalid(listed({ userId: "ada", pageSize: -1, pageToken: "after_1" }), ["user_id", "page_size", "page_token"]);
});
