import { describe, expect, it } from "vitest";
import { MAX_TAP_FILTERS, TAP_LIFE_MS } from "../../../core/tap/tap-messages.ts";
import { TapSessions } from "../../../core/tap/tap-sessions.ts";
import { ALL_CALLS, tapEvent } from "./support.ts";

const NOW = 1_000_000;
const query = (id: string, endsAt = NOW + TAP_LIFE_MS) => ({ id, conditions: ALL_CALLS, endsAt });

describe("TapSessions", () => {
  it("gives each viewer the events of its filter, once", () => {
    const sessions = new TapSessions();
    expect(sessions.read(query("a"), NOW)).toEqual({ kind: "events", events: { events: [], skipped: {} } });
    sessions.read(query("b"), NOW);
    sessions.receive({
      events: [tapEvent({ filters: ["a", "b"], time: 1 }), tapEvent({ filters: ["b", "gone"], time: 2 })],
      skipped: { a: 3, gone: 1 },
    });
    expect(sessions.read(query("a"), NOW)).toMatchObject({ events: { events: [{ filters: ["a"], time: 1 }], skipped: { a: 3 } } });
    expect(sessions.read(query("b"), NOW)).toMatchObject({ events: { events: [{ filters: ["b"], time: 1 }, { time: 2 }], skipped: {} } });
    expect(sessions.read(query("a"), NOW)).toMatchObject({ events: { events: [], skipped: {} } });
  });

  it("forgets a viewer that has not read for 30 s, and one that has ended", () => {
    const sessions = new TapSessions();
    sessions.read(query("a"), NOW);
    sessions.read(query("b"), NOW);
    sessions.read(query("c"), NOW + 29_999);
    expect(sessions.filters(NOW + 29_999).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    sessions.read(query("b"), NOW + 29_999);
    expect(sessions.filters(NOW + 30_000).map(({ id }) => id)).toEqual(["b", "c"]);
    sessions.end("b");
    expect(sessions.filters(NOW + 30_000).map(({ id }) => id)).toEqual(["c"]);
  });

  it("ends 10 minutes after the viewer's start, however often it reads", () => {
    const sessions = new TapSessions();
    const endsAt = NOW + TAP_LIFE_MS;
    for (let now = NOW; now < endsAt; now += 1_000) {
      expect(sessions.read(query("a", endsAt), now).kind).toBe("events");
      expect(sessions.filters(now)[0]!.expiresAt).toBe(Math.min(endsAt, now + 30_000));
    }
    expect(sessions.read(query("a", endsAt), endsAt)).toEqual({ kind: "ended" });
    expect(sessions.filters(endsAt)).toEqual([]);
  });

  it("has the filter again after a restart, with the viewer's next reading", () => {
    const restarted = new TapSessions();
    restarted.read(query("a", NOW + 5_000), NOW);
    expect(restarted.filters(NOW)).toEqual([{ id: "a", conditions: ALL_CALLS, expiresAt: NOW + 5_000 }]);
  });

  it("takes so many viewers at once", () => {
    const sessions = new TapSessions();
    for (let index = 0; index < MAX_TAP_FILTERS; index++) expect(sessions.read(query(`v${index}`), NOW).kind).toBe("events");
    expect(sessions.read(query("one more"), NOW)).toEqual({ kind: "full" });
    expect(sessions.read(query("v0"), NOW).kind).toBe("events");
    sessions.end("v1");
    expect(sessions.read(query("one more"), NOW).kind).toBe("events");
  });

  it("holds a bounded number of bytes for a viewer that reads slowly", () => {
    const sessions = new TapSessions();
    sessions.read(query("a"), NOW);
    for (let call = 0; call < 10_000; call++) sessions.receive({ events: [tapEvent({ filters: ["a"] })], skipped: {} });
    const reading = sessions.read(query("a"), NOW);
    if (reading.kind !== "events") throw new Error(reading.kind);
    expect(reading.events.events.length).toBeLessThan(1_000);
    expect(reading.events.events.length + reading.events.skipped["a"]!).toBe(10_000);
  });

  it("forgets filters where the clock has been set back", () => {
    const sessions = new TapSessions();
    sessions.read(query("a"), NOW);
    expect(sessions.filters(NOW - 3_600_000)).toEqual([]);
  });
});
