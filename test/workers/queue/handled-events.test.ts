import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import { HandledEvents } from "../../../workers/queue/handled-events.ts";
import type { OrderStore } from "../../../workers/services/orders/store.ts";

const { ORDER_STORE } = env as unknown as { ORDER_STORE: DurableObjectNamespace<OrderStore> };
const DAY_MS = 86_400_000;

afterEach(() => reset());

const inObject = (test: (handled: HandledEvents, storage: DurableObjectStorage) => void) =>
  runInDurableObject(ORDER_STORE.getByName("handled"), (_, { storage }) => {
    storage.sql.exec(HandledEvents.TABLE);
    test(new HandledEvents(storage), storage);
  });

it("changes something once for each event", () =>
  inObject((handled, storage) => {
    const results = ["a", "b", "a"].map((id) => handled.once(id, 0, () => storage.kv.put("n", (storage.kv.get<number>("n") ?? 0) + 1)));
    expect([results, storage.kv.get("n")]).toEqual([[true, true, false], 2]);
  }));

it("records nothing where the change fails, so that the event can be handled again", () =>
  inObject((handled, storage) => {
    const fails = () =>
      handled.once("a", 0, () => {
        storage.kv.put("n", 1);
        throw new Error("no");
      });
    expect(fails).toThrow("no");
    expect(storage.kv.get("n")).toBeUndefined();
    expect(handled.once("a", 0, () => undefined)).toBe(true);
  }));

it("deletes ids that are older than 15 days as new ones come, and the oldest above its number of rows", () =>
  inObject((handled, storage) => {
    const rows = () =>
      storage.sql
        .exec<{ id: string }>("SELECT id FROM handled_events ORDER BY seq")
        .toArray()
        .map(({ id }) => id);
    for (const id of ["a", "b", "c"]) handled.once(id, 0, () => undefined);
    handled.once("d", 15 * DAY_MS, () => undefined);
    expect(rows()).toEqual(["a", "b", "c", "d"]);
    handled.once("e", 15 * DAY_MS + 1, () => undefined);
    expect(rows()).toEqual(["c", "d", "e"]);
    handled.maxRows = 2;
    handled.once("f", 15 * DAY_MS + 1, () => undefined);
    expect(rows()).toEqual(["e", "f"]);
  }));
