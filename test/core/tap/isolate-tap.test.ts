import { describe, expect, it } from "vitest";
import { IsolateTap } from "../../../core/tap/isolate-tap.ts";
import { TAP_LEASE_MS, type TapFilter } from "../../../core/tap/tap-messages.ts";
import { ALL_CALLS, tapEvent } from "./support.ts";

const NOW = 5_000;
const filter = (id: string, expiresAt = NOW + 1_000, route = ""): TapFilter => ({ id, conditions: { ...ALL_CALLS, route }, expiresAt });
const CALL = { route: "a/B", reason: "", code: "ok", durationMs: 1, principal: "" };
const observe = (tap: IsolateTap, now = NOW) =>
  tap.observe(
    CALL,
    now,
    () => 0,
    (filters) => tapEvent({ filters, time: now }),
  );

describe("IsolateTap", () => {
  it("has no filter, and nothing to send, while nobody watches", () => {
    const tap = new IsolateTap();
    expect(tap.filters).toEqual([]);
    expect(observe(tap)).toBe(false);
    expect(tap.take()).toBeUndefined();
  });

  it("sends what other isolates' viewers wait for", () => {
    const tap = new IsolateTap();
    tap.learn([filter("a"), filter("b", NOW + 1_000, "c/D")], NOW);
    expect(observe(tap)).toBe(true);
    expect(tap.take()).toMatchObject({ events: [{ filters: ["a"], time: NOW }], skipped: {} });
    tap.learn([filter("a")], NOW);
    expect(tap.take()).toBeUndefined();
  });

  it("gives a viewer of its own what happens here, and does not send it", () => {
    const tap = new IsolateTap();
    const take = tap.watch("mine", ALL_CALLS, NOW + 60_000, NOW);
    tap.learn([filter("mine"), filter("other")], NOW);
    expect(tap.filters.map(({ id }) => id)).toEqual(["mine", "other"]);
    expect(observe(tap)).toBe(true);
    expect(take(NOW).events).toMatchObject([{ filters: ["mine"] }]);
    expect(tap.take()!.events).toMatchObject([{ filters: ["other"] }]);
    tap.unwatch("mine");
    expect(tap.filters.map(({ id }) => id)).toEqual(["other"]);
  });

  it("has nothing to send where only its own viewers watch", () => {
    const tap = new IsolateTap();
    tap.watch("mine", ALL_CALLS, NOW + 60_000, NOW);
    expect(observe(tap)).toBe(false);
    expect(tap.take()).toBeUndefined();
  });

  it("forgets a viewer that has not read for a while, until it reads again, and at the end of its stream", () => {
    const tap = new IsolateTap();
    const take = tap.watch("mine", ALL_CALLS, NOW + 2 * TAP_LEASE_MS, NOW);
    observe(tap, NOW + TAP_LEASE_MS - 1);
    observe(tap, NOW + TAP_LEASE_MS);
    expect(tap.filters).toEqual([]);
    expect(take(NOW + 1.5 * TAP_LEASE_MS).events).toHaveLength(1);
    observe(tap, NOW + 2 * TAP_LEASE_MS - 1);
    observe(tap, NOW + 2 * TAP_LEASE_MS);
    expect(take(NOW + 2 * TAP_LEASE_MS).events).toHaveLength(1);
  });

  it("counts the events of an exchange without a response", () => {
    const tap = new IsolateTap();
    tap.learn([filter("a")], NOW);
    observe(tap);
    tap.take();
    expect(tap.take()).toEqual({ events: [], skipped: { a: 1 } });
  });

  it("forgets filters that have expired, with the next call", () => {
    const tap = new IsolateTap();
    tap.learn([filter("a"), filter("late", NOW)], NOW);
    expect(tap.filters.map(({ id }) => id)).toEqual(["a"]);
    expect(observe(tap, NOW + 1_000)).toBe(false);
    expect(tap.filters).toHaveLength(0);
  });

  it("keeps a filter that has not expired, while another one has", () => {
    const tap = new IsolateTap();
    tap.learn([filter("a"), filter("later", NOW + 2_000, "c/D")], NOW);
    expect(observe(tap, NOW + 1_000)).toBe(false);
    expect(tap.filters.map(({ id }) => id)).toEqual(["later"]);
  });
});
