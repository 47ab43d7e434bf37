// The breaker of one isolate: what opens it, how it finds out, and which answers say nothing.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BreakerAdmission, LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerView } from "../../../core/breaker/shared-breaker.ts";
import { count, counts, emptyWindow } from "../../../core/breaker/window.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

type Admitted = BreakerAdmission & { kind: "admitted" };
const admitted = (breaker: LocalBreaker, now: number, roll = 0.5): Admitted => {
  const admission = breaker.admit(now, roll);
  if (admission.kind !== "admitted") throw new Error(`refused for ${admission.retryAfterMs} ms`);
  return admission;
};
const fail = (breaker: LocalBreaker, now: number): void => breaker.record(admitted(breaker, now), "failed", 1, now, 0);
const answer = (breaker: LocalBreaker, now: number, tookMs = 1): void =>
  breaker.record(admitted(breaker, now), "succeeded", tookMs, now, 0);

describe("a breaker in an isolate", () => {
  it("opens after five failures in a row, and not after four and an answer", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) fail(breaker, 0);
    answer(breaker, 0);
    for (let n = 0; n < 4; n++) fail(breaker, 0);
    expect(breaker.admit(0, 0.5).kind).toBe("admitted");
    fail(breaker, 0);
    expect(breaker.admit(1, 0.5)).toEqual({ kind: "refused", retryAfterMs: 999 });
  });

  it("opens when half of enough calls fail, and forgets them after ten seconds", () => {
    const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000 });
    for (let n = 0; n < 9; n++) {
      answer(breaker, n);
      fail(breaker, n);
    }
    for (let n = 0; n < 4; n++) fail(breaker, 20_000 + n);
    expect(breaker.admit(20_004, 0.5).kind).toBe("admitted");
    for (let n = 0; n < 8; n++) {
      answer(breaker, 20_010);
      fail(breaker, 20_010);
    }
    expect(breaker.admit(20_011, 0.5).kind).toBe("refused");
  });

  it("opens for slow calls where it is told to", () => {
    const breaker = new LocalBreaker({ ...BREAKER, slowPercent: 50, slowMs: 1_000 });
    for (let n = 0; n < 20; n++) answer(breaker, n, 2_000);
    expect(breaker.admit(20, 0.5).kind).toBe("refused");
  });

  it("lets one call find out, closes when it is answered, and opens again when it fails", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 5; n++) fail(breaker, 0);
    const probe = admitted(breaker, 1_001);
    expect(probe.probe).toBeDefined();
    expect(breaker.admit(1_002, 0.5).kind).toBe("refused");
    breaker.record(probe, "failed", 1, 1_100, 0);
    expect(breaker.admit(1_200, 0.5).kind).toBe("refused");
    breaker.record(admitted(breaker, 2_200), "succeeded", 1, 2_201, 0);
    for (let n = 0; n < 10; n++) expect(breaker.admit(2_202, 0.5).kind).toBe("admitted");
  });

  it("ends half open by itself: a probe whose caller went away does not keep it shut", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 5; n++) fail(breaker, 0);
    breaker.discard(admitted(breaker, 1_001));
    expect(breaker.admit(1_002, 0.5).kind).toBe("admitted");
    expect(breaker.admit(1_003, 0.5).kind).toBe("refused"); // that one is under way, and never ends
    expect(breaker.admit(6_100, 0.5).kind).toBe("admitted");
  });

  it("hears nothing of calls that began before it opened", () => {
    const breaker = new LocalBreaker(BREAKER);
    const late = Array.from({ length: 20 }, () => admitted(breaker, 0));
    for (let n = 0; n < 5; n++) fail(breaker, 0);
    breaker.record(admitted(breaker, 1_001), "succeeded", 1, 1_002, 0); // well again
    for (const one of late) breaker.record(one, "failed", 1_000, 1_003, 0);
    expect(breaker.admit(1_004, 0.5).kind).toBe("admitted");
  });

  it("goes by the view of the object as long as its lease lasts, counted from the send, and a moment more while it asks again", () => {
    const breaker = new LocalBreaker(BREAKER);
    const view: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
    breaker.applyView(view, 1_000);
    expect(breaker.admit(3_999, 0)).toEqual({ kind: "refused", retryAfterMs: 700 });
    expect(breaker.admit(18_999, 0).kind).toBe("refused");
    expect(breaker.admit(19_000, 0).kind).toBe("admitted"); // nobody stays out on an old word
    expect(breaker.takeReport(5_000)).toMatchObject({ wantsProbe: true });
    expect(breaker.admit(5_999, 0).kind).toBe("refused");
    expect(breaker.admit(6_000, 0).kind).toBe("admitted"); // nor where nobody answers
    breaker.applyView({ ...view, version: 4, kind: "ramp", admit: 0.3 }, 4_000);
    expect([breaker.admit(4_001, 0.29).kind, breaker.admit(4_001, 0.31).kind]).toEqual(["admitted", "refused"]);
    breaker.applyView({ ...view, version: 3 }, 4_000); // an older word, come late
    expect(breaker.admit(4_002, 0).kind).toBe("admitted");
  });

  it("is told of at once when it opens, once a second while it fails, and every eleven seconds else", () => {
    const panel = new LocalBreakers(BREAKER);
    const breaker = panel.get("e");
    const report = (now: number) => panel.takeReports(now, "e")?.["e"];
    answer(breaker, 0);
    expect(report(0)).toMatchObject({ calls: 1, failures: 0 });
    answer(breaker, 2_500);
    expect(report(10_999)).toBeUndefined();
    expect(report(11_000)).toMatchObject({ calls: 1, failures: 0 });
    fail(breaker, 11_500);
    expect(report(11_600)).toBeUndefined();
    expect(report(12_000)).toMatchObject({ failures: 1, isOpen: false });
    for (let n = 0; n < 4; n++) fail(breaker, 12_001);
    expect(report(12_002)).toMatchObject({ isOpen: true });
  });

  it("asks each second while its last call to an endpoint has failed, for ten seconds: the object may hear of it from others", () => {
    const panel = new LocalBreakers(BREAKER);
    const call = (id: string, outcome: "succeeded" | "failed", now: number) => {
      const breaker = panel.get(id);
      breaker.record(admitted(breaker, now), outcome, 1, now, 0);
      panel.update(breaker, now);
      return panel.takeReports(now, id);
    };
    const asked = (from: number, to: number): number[] => {
      const found = [];
      for (let now = from; now <= to; now += 100) if (call("b", "succeeded", now) !== undefined) found.push(now);
      return found;
    };
    expect(call("a", "succeeded", 0)).toBeDefined();
    expect(call("a", "failed", 500)).toBeUndefined();
    expect(call("b", "succeeded", 1_000)).toMatchObject({ a: { failures: 1, hasRecovered: false } }); // whoever is called
    expect(call("b", "succeeded", 2_000)).toMatchObject({ a: { failures: 1, hasRecovered: false } }); // it has not been called since
    expect(call("a", "succeeded", 3_000)).toMatchObject({ a: { failures: 1, hasRecovered: true } });
    expect(asked(3_100, 16_000)).toEqual([14_000]);
    expect(call("a", "failed", 20_000)).toBeDefined();
    expect(asked(20_100, 50_000)).toEqual([...Array.from({ length: 9 }, (_, index) => 21_000 + index * 1_000), 40_000]);
  });

  it("asks no more than every eleven seconds while the object has it open, and at once when that ends", () => {
    const panel = new LocalBreakers(BREAKER);
    panel.get("a");
    const breaker = panel.get("b");
    answer(breaker, 0);
    expect(panel.takeReports(0, "b")).toBeDefined();
    panel.applyViews({ a: { version: 2, kind: "open", admit: 0, retryAfterMs: 12_000, probeId: undefined, leaseMs: 12_000 } }, 0, 0);
    const asked = [];
    for (let now = 100; now < 13_000; now += 100) if (panel.takeReports(now, "b") !== undefined) asked.push(now);
    expect(asked).toEqual([11_000, 12_000, 12_500]);
  });
});

describe("a window", () => {
  it("counts what a list of calls would, slice by slice", () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), isFailure: fc.boolean(), isSlow: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 1e9 }), (steps, start) => {
        const window = emptyWindow();
        const list: { slice: number; isFailure: boolean; isSlow: boolean }[] = [];
        let now = start;
        for (const { afterMs, isFailure, isSlow } of steps) {
          now += afterMs;
          count(window, 10_000, now, isFailure, isSlow);
          list.push({ slice: Math.floor(now / 1_000), isFailure, isSlow });
          const seen = list.filter(({ slice }) => slice > Math.floor(now / 1_000) - 10);
          const all = (pick: (one: (typeof list)[number]) => boolean) => seen.filter(pick).length;
          expect(counts(window, 10_000, now)).toEqual({
            calls: seen.length,
            failures: all((one) => one.isFailure),
            slow: all((one) => one.isSlow),
          });
        }
      }),
    );
  });
});
