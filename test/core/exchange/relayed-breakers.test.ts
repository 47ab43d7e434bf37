// Breakers in a relay: reports go on in batches, views come back with what is left of their leases, and a probe goes to one isolate.
import { describe, expect, it } from "vitest";
import type { BreakerReport, BreakerView } from "../../../core/breaker/report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import type { ExchangeRequest } from "../../../core/exchange/messages.ts";
import { RelayedBreakers } from "../../../core/exchange/relayed-breakers.ts";

const NOW = 1_000_000;
const HEALTHY: BreakerReport = { sequence: 1, calls: 10, failures: 0, isOpen: false, wantsProbe: false };
const OPEN: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 7_000, probeId: undefined, leaseMs: 7_000 };

const exchange = (isolate: string, intervalMs = 5_000): ExchangeRequest => ({
  ...{ version: 1, isolate, location: "AMS", shards: 1, isFirst: false },
  intervalMs,
});
const of = (report: Partial<BreakerReport> = {}) => ({ reports: { e: { ...HEALTHY, ...report } }, policy: BREAKER });

/** A relay with this view of the endpoint `e`, requested at NOW. */
function with_(view: BreakerView): RelayedBreakers {
  const relayed = new RelayedBreakers("u");
  relayed.apply(relayed.receive(exchange("first"), of(), NOW)!, { views: { e: view }, probes: {} });
  return relayed;
}

describe("reports", () => {
  it("go on with their isolates and locations, once an interval, those of all isolates together", () => {
    const relayed = new RelayedBreakers("u");
    expect(relayed.receive(exchange("a"), of(), NOW)).toMatchObject({
      kind: "breakers",
      upstream: "u",
      batch: [{ isolate: "a", location: "AMS" }],
    });
    expect(relayed.receive(exchange("b"), of(), NOW + 100)).toBeUndefined(); // the first request is under way
    relayed.requests.succeed(1, NOW);
    expect(relayed.receive(exchange("c"), of(), NOW + 4_999)).toBeUndefined();
    const request = relayed.receive(exchange("d"), of(), NOW + 5_000)!;
    expect(request.batch.map(({ isolate }) => isolate)).toEqual(["b", "c", "d"]);
  });

  it("go on every second while an isolate reports a fault, or a breaker is about to change", () => {
    const due = (view: BreakerView, report: Partial<BreakerReport>, ms: number) =>
      with_(view).receive(exchange("a"), of(report), NOW + ms) !== undefined;
    const closed: BreakerView = { ...OPEN, kind: "closed", admit: 1, leaseMs: 30_000 };
    expect([due(closed, {}, 1_000), due(closed, { failures: 10 }, 1_000), due(closed, { isOpen: true }, 1_000)]).toEqual([
      false,
      true,
      true,
    ]);
    expect([due(OPEN, { isOpen: true }, 1_000), due(OPEN, {}, 2_001)]).toEqual([false, true]); // 5 s before the end of the lease
    expect([due({ ...OPEN, kind: "half_open" }, {}, 1_000), due({ ...OPEN, kind: "ramp" }, {}, 1_000)]).toEqual([true, true]);
  });

  it("go on at once with the result of a probe, also while a request is under way", () => {
    const relayed = new RelayedBreakers("u");
    relayed.receive(exchange("a"), of(), NOW);
    const probe = { version: 2, id: 1, succeeded: true };
    expect(relayed.receive(exchange("b"), of({ probe }), NOW + 1)).toMatchObject({ batch: [{ reports: { e: { probe } } }] });
  });

  it("wish for a probe only where the isolate waits for the response", () => {
    const relayed = with_({ ...OPEN, kind: "half_open" });
    expect(relayed.receive(exchange("a"), of({ wantsProbe: true }), NOW + 500)).toBeUndefined();
    const { batch } = relayed.receive(exchange("b"), of({ wantsProbe: true }), NOW + 1_000)!;
    expect(batch.map(({ isolate, reports }) => [isolate, reports["e"]!.wantsProbe])).toEqual([
      ["a", false],
      ["b", true],
    ]);
  });

  it("that are older than one of the isolate, or of more than 128 isolates, do not go on", () => {
    const relayed = with_({ ...OPEN, kind: "closed" });
    relayed.receive(exchange("a"), of({ sequence: 5 }), NOW + 1);
    relayed.receive(exchange("a"), of({ sequence: 4, calls: 99 }), NOW + 2);
    for (let n = 0; n < 127; n++) relayed.receive(exchange(`i${n}`), of(), NOW + 3);
    expect(relayed.receive(exchange("last"), of(), NOW + 5_000)!.batch).toHaveLength(128);
    const other = with_({ ...OPEN, kind: "closed" });
    other.receive(exchange("a"), of({ sequence: 5 }), NOW + 1);
    other.receive(exchange("a"), of({ sequence: 4, calls: 99 }), NOW + 2);
    expect(other.receive(exchange("b"), of(), NOW + 5_000)!.batch[0]).toMatchObject({
      isolate: "a",
      reports: { e: { sequence: 5, calls: 10 } },
    });
  });
});

describe("views", () => {
  it("lose the time that they have spent in the relay", () => {
    const view = (ms: number) => with_(OPEN).viewsFor("a", NOW + ms, NOW + ms)["e"];
    expect(view(0)).toEqual(OPEN);
    expect(view(3_000)).toEqual({ ...OPEN, leaseMs: 4_000, retryAfterMs: 4_000 });
    expect(view(7_000)).toBeUndefined();
  });

  it("of an older version do not replace newer ones, and late responses change nothing", () => {
    const relayed = with_(OPEN);
    const [late, later] = [
      relayed.receive(exchange("a"), of(), NOW + 5_000)!,
      relayed.receive(exchange("a"), of({ probe: { version: 2, id: 1, succeeded: true } }), NOW + 5_001)!,
    ];
    relayed.apply(later, { views: { e: { ...OPEN, version: 4, kind: "ramp", admit: 0.1 } }, probes: {} });
    relayed.apply(late, { views: { e: { ...OPEN, version: 3 } }, probes: { a: { e: 7 } } });
    expect(relayed.viewsFor("a", NOW + 5_001, NOW + 5_001)["e"]).toMatchObject({ version: 4, probeId: undefined });
  });

  it("disappear with a response that has none: the breaker is closed", () => {
    const relayed = with_(OPEN);
    relayed.apply(relayed.receive(exchange("a"), { reports: {}, policy: BREAKER }, NOW + 5_000)!, { views: {}, probes: {} });
    expect(relayed.viewsFor("a", NOW + 5_000, NOW + 5_000)).toEqual({});
  });
});

describe("probes", () => {
  const granted = () => {
    const relayed = with_({ ...OPEN, kind: "half_open" });
    const request = relayed.receive(exchange("a"), of({ wantsProbe: true }), NOW + 1_000)!;
    relayed.apply(request, { views: { e: { ...OPEN, kind: "half_open" } }, probes: { a: { e: 7 } } });
    return relayed;
  };

  it("go to their isolate, once", () => {
    const relayed = granted();
    expect(relayed.viewsFor("b", NOW + 1_000, NOW + 1_080)["e"]!.probeId).toBeUndefined();
    expect(relayed.viewsFor("a", NOW + 1_000, NOW + 1_080)["e"]!.probeId).toBe(7);
    expect(relayed.viewsFor("a", NOW + 1_000, NOW + 1_080)["e"]!.probeId).toBeUndefined();
  });

  it("do not go to a later exchange, where they would live longer than the Durable Object knows", () => {
    expect(granted().viewsFor("a", NOW + 1_001, NOW + 1_080)["e"]!.probeId).toBeUndefined();
  });
});
