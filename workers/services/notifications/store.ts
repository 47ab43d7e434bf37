// Stores the notifications of one user, in a Durable Object of that user.
import { DurableObject } from "cloudflare:workers";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Notification, NotificationSchema } from "../../../protos/gen/notifications/v1/notifications_pb.ts";
import { HandledEvents } from "../../queue.ts";
import { migrate } from "../migrate.ts";

const TABLE = "CREATE TABLE notifications (number INTEGER PRIMARY KEY AUTOINCREMENT, notification BLOB NOT NULL)";

export class NotificationStore extends DurableObject {
  /** Notifications that are stored at most; the oldest ones are deleted first. */
  maxRows = 1_000;
  readonly #handled: HandledEvents;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#handled = new HandledEvents(ctx.storage);
    migrate(ctx.storage, [`${TABLE}; ${HandledEvents.TABLE}`]);
  }

  /** Adds a notification, once for each event, however often that is delivered. @param eventId id of the event */
  add(eventId: string, notification: Notification): void {
    const { sql } = this.ctx.storage;
    this.#handled.once(eventId, Date.now(), () => {
      sql.exec("INSERT INTO notifications (notification) VALUES (?)", toBinary(NotificationSchema, notification));
      sql.exec("DELETE FROM notifications WHERE number <= (SELECT MAX(number) FROM notifications) - ?", this.maxRows);
    });
  }

  /** The latest ones first. @param before only those with a smaller number; undefined for all */
  list(limit: number, before: number | undefined): { notifications: Notification[]; hasMore: boolean } {
    const rows = this.ctx.storage.sql
      .exec<{ number: number; notification: ArrayBuffer }>(
        "SELECT number, notification FROM notifications WHERE number < ? ORDER BY number DESC LIMIT ?",
        before ?? Number.MAX_SAFE_INTEGER,
        limit + 1,
      )
      .toArray();
    const notifications = rows.slice(0, limit).map(({ number, notification }) => {
      return { ...fromBinary(NotificationSchema, new Uint8Array(notification)), number: BigInt(number) };
    });
    return { notifications, hasMore: rows.length > limit };
  }
}
