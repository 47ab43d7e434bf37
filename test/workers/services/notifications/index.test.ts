import { reset } from "cloudflare:test";
import { createClient } from "@connectrpc/connect";
import { afterEach, expect, it, vi } from "vitest";
import { OrderChange_Kind } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import { DeadLetterService } from "../../../../protos/gen/tidegate/queue/v1/dead_letters_pb.ts";
import { connectProto, worker } from "../support.ts";
import { deliver, event } from "./delivery.ts";

const dead = createClient(DeadLetterService, connectProto(worker));

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

it("stores what its queue could not handle, for operators to list and delete", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await deliver([event("e-1", OrderChange_Kind.CREATED), "no event"], "tidegate-order-events-dead-staging");
  const { deadLetters, total } = await dead.listDeadLetters({});
  expect([total, deadLetters.map(({ event: one }) => one?.id)]).toEqual([2n, ["e-1", ""]]);
  await dead.deleteDeadLetters({ numbers: [2n] });
  expect((await dead.listDeadLetters({})).total).toBe(1n);
});
