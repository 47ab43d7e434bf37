// The dead letters of the notification service, for tests.
import { env } from "cloudflare:workers";
import { OrderChangeSchema } from "../../../../protos/gen/orders/v1/orders_pb.ts";
import type { DeadLetters } from "../../../../workers/queue/dead-letters/store.ts";
import { sealed } from "../../../../workers/queue/envelope.ts";
import { NO_ORIGIN } from "../../../../workers/queue/origin.ts";

const { DEAD_LETTERS } = env as unknown as { DEAD_LETTERS: DurableObjectNamespace<DeadLetters> };

export const deadLetters = () => DEAD_LETTERS.getByName("test");

export const eventOf = (n: number, length = 0): Uint8Array =>
  sealed(
    OrderChangeSchema,
    { revision: BigInt(n), order: { note: "x".repeat(length) } },
    { id: `e-${n}`, eventTimeMs: 1_000, origin: NO_ORIGIN, outbox: "orders" },
  );
