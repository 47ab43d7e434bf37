// The breaker and the panel of one isolate, step by step: what opens them, who may probe, and what is told when.
import { describe, expect, it } from "vitest";
import { type Admitted, LocalBreaker, UNRECORDED } from "../../../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import { type BreakerView, PROBE_MS } from "../../../core/breaker/shared-breaker.ts";
import { count, counts, emptyWindow } from "../../../core/breaker/window.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 50_000;
const VIEW: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
const admitted = (breaker: LocalBreaker, now: number, roll = 0.5): Admitted => {
  const admission = breaker.admit(now, roll);
  if (admission.kind !== "admitted") throw new Error(`refused for ${admission.retryAfterMs} ms`);
  return admission;
};
const call = (breaker: LocalBreaker, outcome: "succeeded" | "failed", now = NOW, tookMs = 1, roll = 0): void =>
  breaker.record(admitted(breaker, now), outcome, tookMs, now, roll);
/** A breaker that has opened by its own evidence at `NOW`. */
function opened(roll = 0, policy = BREAKER): LocalBreaker {
  const breaker = new LocalBreaker(policy);
  for (let n = 0; n < policy.consecutive; n++) call(breaker, "failed", NOW, 1, roll);
  return breaker;
}

describe("a breaker that opens by its own evidence", () => {
  it("is open for 1 to 3 s, by chance", () => {
    expect(opened(0).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 1_000 });
    expect(opened(0.5).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 2_000 });
    expect(opened(0.999_999).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 3_000 });
    expect(opened(0).admit(NOW + 999, 0)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(opened(0).admit(NOW + 1_000, 0).kind).toBe("admitted");
    expect(opened(0.1).retryAfterMs(NOW + 0.5)).toBe(1_200);
  });

  it("opens at the exact share of failures, of enough calls", () => {
    const share = (answers: number, failures: number): boolean => {
      const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000 });
      for (let n = 0; n < answers; n++) call(breaker, "succeeded");
      for (let n = 0; n < failures; n++) if (breaker.admit(NOW, 0).kind === "admitted") call(breaker, "failed");
      return breaker.admit(NOW, 0).kind === "refused";
    };
    expect([share(10, 9), share(10, 10), share(11, 10)]).toEqual([false, true, false]);
  });

  it("opens for slow calls from slowMs on, failed or not, and never where that is turned off", () => {
    const slow = (tookMs: number, slowPercent: number, outcome: "succeeded" | "failed" = "succeeded"): boolean => {
      const breaker = new LocalBreaker({ ...BREAKER, slowPercent, slowMs: 1_000, failurePercent: 100, consecutive: 1_000 });
      call(breaker, "succeeded", NOW, 1);
      for (let n = 0; n < 19; n++) if (breaker.admit(NOW, 0).kind === "admitted") call(breaker, outcome, NOW, tookMs);
      return breaker.admit(NOW, 0).kind === "refused";
    };
    expect([slow(999, 95), slow(1_000, 95), slow(1_000, 96), slow(9_999, 100)]).toEqual([false, true, false, false]);
    expect([slow(1_000, 95, "failed"), slow(999, 95, "failed")]).toEqual([true, false]);
  });

  it("judges by failures as well, after an answer, where slow calls count, too", () => {
    const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000, slowPercent: 99 });
    for (let n = 0; n < 19; n++) call(breaker, "failed");
    call(breaker, "succeeded");
    expect(breaker.admit(NOW, 0).kind).toBe("refused"); // 19 of 20 have failed
  });

  it("lets one probe go when its time has passed, until that has ended or is 5 s old", () => {
    const breaker = opened();
    expect([breaker.isDueForProbe(NOW + 999), breaker.isDueForProbe(NOW + 1_000)]).toEqual([false, true]);
    const probe = admitted(breaker, NOW + 1_000);
    expect(probe.probe).toEqual({ version: 0, id: 0, endsAt: NOW + 1_000 + PROBE_MS });
    expect(breaker.isDueForProbe(NOW + 1_001)).toBe(false);
    expect(breaker.admit(NOW + 1_001, 0)).toEqual({ kind: "refused", retryAfterMs: 500 });
    expect([breaker.isDueForProbe(NOW + 5_999), breaker.isDueForProbe(NOW + 6_000)]).toEqual([false, true]);
    breaker.record(probe, "succeeded", 1, NOW + 6_000, 0); // too late to say anything
    expect(breaker.isClosed(NOW + 6_000)).toBe(false);
    breaker.record(admitted(breaker, NOW + 6_000), "succeeded", 1, NOW + 6_001, 0);
    expect(breaker.isClosed(NOW + 6_001)).toBe(true);
    expect(breaker.isDueForProbe(NOW + 6_001)).toBe(false);
  });

  it("is told of neither by the drop of an ordinary call, nor by that of a probe that is not its own any more", () => {
    const breaker = opened();
    const first = admitted(breaker, NOW + 1_000);
    breaker.discard({ kind: "admitted", generation: 0 });
    expect(breaker.admit(NOW + 1_001, 0).kind).toBe("refused");
    breaker.discard(first);
    const second = admitted(breaker, NOW + 1_002);
    breaker.discard(first);
    expect(breaker.admit(NOW + 1_003, 0).kind).toBe("refused");
    breaker.record(first, "failed", 1, NOW + 1_004, 0);
    expect(second.probe).toBeDefined();
  });

  it("is out for ordinary calls until it is well", () => {
    const breaker = opened();
    expect([breaker.refuses(NOW, 0), breaker.refuses(NOW + 1_000, 0.9)]).toEqual([true, true]);
    expect(new LocalBreaker(BREAKER).refuses(NOW, 0.999)).toBe(false);
  });

  it("counts nothing of an admission that it has not given", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 9; n++) breaker.record(UNRECORDED, "failed", 1, NOW, 0);
    expect(breaker.isClosed(NOW)).toBe(true);
    expect(breaker.takeReport(NOW)).toBeUndefined();
  });
});

describe("a breaker that goes by the object's view", () => {
  it("admits the share that the view says", () => {
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView({ ...VIEW, kind: "ramp", admit: 0.3, retryAfterMs: 0 }, NOW);
    expect([breaker.refuses(NOW, 0.29), breaker.refuses(NOW, 0.3)]).toEqual([false, true]);
    expect(breaker.admit(NOW, 0.3)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(breaker.admit(NOW, 0.29).kind).toBe("admitted");
    breaker.applyView({ ...VIEW, version: 3, kind: "closed", admit: 1 }, NOW);
    expect(breaker.isClosed(NOW)).toBe(true);
  });

  it("takes a token of a half-open endpoint for one probe, once, for five seconds from the send", () => {
    const half: BreakerView = { ...VIEW, kind: "half", probeId: 4, leaseMs: 20_000 };
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView(half, NOW);
    expect([breaker.isDueForProbe(NOW + 4_999), breaker.isDueForProbe(NOW + 5_000)]).toEqual([true, false]);
    const { probe } = admitted(breaker, NOW + 10);
    expect(probe).toEqual({ version: 2, id: 4, endsAt: NOW + 5_000 });
    expect(breaker.isDueForProbe(NOW + 11)).toBe(false);
    expect(breaker.admit(NOW + 11, 0).kind).toBe("refused");
    breaker.applyView(half, NOW + 12); // the same word again
    expect(breaker.isDueForProbe(NOW + 13)).toBe(false);
    breaker.applyView({ ...half, probeId: 3 }, NOW + 14);
    expect(breaker.isDueForProbe(NOW + 15)).toBe(false);
    breaker.applyView({ ...half, probeId: 5 }, NOW + 16);
    expect(breaker.isDueForProbe(NOW + 17)).toBe(true);
    breaker.applyView({ ...half, version: 3, probeId: 1 }, NOW + 18); // numbers may start again with a version
    expect(admitted(breaker, NOW + 19).probe).toMatchObject({ version: 3, id: 1 });
    const ramp = new LocalBreaker(BREAKER);
    ramp.applyView({ ...half, kind: "open" }, NOW);
    expect(ramp.isDueForProbe(NOW)).toBe(false);
  });

  it("tells what became of the object's probe, once", () => {
    for (const outcome of ["succeeded", "failed"] as const) {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ ...VIEW, kind: "half", probeId: 4, leaseMs: 20_000 }, NOW);
      const probe = admitted(breaker, NOW);
      expect(breaker.wantsProbe(NOW)).toBe(false);
      breaker.record(probe, outcome, 1, NOW + 1, 0);
      expect(breaker.memory.isUrgent).toBe(true);
      expect(breaker.takeReport(NOW + 2)).toMatchObject({ probe: { version: 2, id: 4, succeeded: outcome === "succeeded" } });
      expect(breaker.memory.isUrgent).toBe(false);
      expect(breaker.takeReport(NOW + 3)?.probe).toBeUndefined();
    }
  });

  it("forgets its own evidence where the object has changed its mind, and keeps it where not", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) call(breaker, "failed");
    breaker.applyView({ ...VIEW, kind: "closed", admit: 1, version: 5 }, NOW);
    call(breaker, "failed");
    expect(breaker.admit(NOW, 0).kind).toBe("refused"); // five in a row: a closed view takes nothing away
    const other = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) call(other, "failed");
    other.applyView({ ...VIEW, kind: "ramp", admit: 1 }, NOW);
    call(other, "failed");
    expect(other.admit(NOW, 0).kind).toBe("admitted");
    other.applyView({ ...VIEW, kind: "ramp", admit: 1 }, NOW + 1); // the same version: nothing is forgotten
    for (let n = 0; n < 4; n++) call(other, "failed");
    expect(other.admit(NOW, 0).kind).toBe("refused");
  });

  it("takes an older word only when its newer one has lapsed", () => {
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView({ ...VIEW, version: 9, kind: "ramp", admit: 1 }, NOW);
    breaker.applyView({ ...VIEW, version: 8 }, NOW + 2_999);
    expect(breaker.admit(NOW + 2_999, 0).kind).toBe("admitted");
    breaker.applyView({ ...VIEW, version: 8 }, NOW + 3_000); // an object that has lost its memory
    expect(breaker.admit(NOW + 3_000, 0).kind).toBe("refused");
  });

  it("wants a probe while it is half open, or open beyond its lease, and has none", () => {
    const wants = (view: Partial<BreakerView>, atMs: number): boolean => {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ ...VIEW, ...view }, NOW);
      return breaker.wantsProbe(NOW + atMs);
    };
    expect(wants({ kind: "half" }, 0)).toBe(true);
    expect(wants({ kind: "half", probeId: 1 }, 0)).toBe(false);
    expect([wants({}, 2_999), wants({}, 3_000)]).toEqual([false, true]);
    expect([wants({ kind: "ramp" }, 0), wants({ kind: "closed" }, 0)]).toEqual([false, false]);
    expect(new LocalBreaker(BREAKER).wantsProbe(NOW)).toBe(false);
  });

  it("is looked at sooner while it fails or is not closed, but not while it is open everywhere", () => {
    const uneasy = (view: Partial<BreakerView>): boolean => {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ ...VIEW, ...view }, NOW);
      return breaker.needsFastReports(NOW);
    };
    expect([uneasy({}), uneasy({ kind: "half" }), uneasy({ kind: "ramp" }), uneasy({ kind: "closed" })]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(opened().needsFastReports(NOW)).toBe(true);
    const breaker = new LocalBreaker(BREAKER);
    expect(breaker.needsFastReports(NOW)).toBe(false);
    call(breaker, "failed");
    expect(breaker.needsFastReports(NOW)).toBe(true);
    breaker.takeReport(NOW);
    expect(breaker.needsFastReports(NOW)).toBe(false);
  });
});

describe("what is told to the object", () => {
  it("is what was counted, numbered, and whether failures are past", () => {
    const breaker = new LocalBreaker(BREAKER);
    expect(breaker.takeReport(NOW)).toBeUndefined();
    call(breaker, "succeeded");
    call(breaker, "failed");
    expect(breaker.takeReport(NOW)).toEqual({ sequence: 1, calls: 2, failures: 1, hasRecovered: false, isOpen: false, wantsProbe: false });
    expect(breaker.takeReport(NOW)).toMatchObject({ sequence: 2, hasRecovered: false }); // the last call has failed
    call(breaker, "succeeded");
    expect(breaker.takeReport(NOW)).toMatchObject({ sequence: 3, calls: 3, failures: 1, hasRecovered: true });
    expect(breaker.takeReport(NOW + 20_000)).toBeUndefined();
    expect(opened().takeReport(NOW)).toMatchObject({ isOpen: true, calls: 0, failures: 0 });
  });
});

describe("a panel", () => {
  it("keeps a breaker for each endpoint, and forgets those that are gone", () => {
    const panel = new LocalBreakers(BREAKER);
    const [a, b] = [panel.get("a"), panel.get("b")];
    expect(panel.get("a")).toBe(a);
    for (let n = 0; n < 5; n++) call(a, "failed");
    panel.update(a, NOW);
    expect(panel.areAllClosed(NOW)).toBe(false);
    panel.retain(new Set(["b"]));
    expect(panel.areAllClosed(NOW)).toBe(true);
    expect(panel.get("b")).toBe(b);
    expect(panel.get("a")).not.toBe(a);
  });

  it("is quiet again when every breaker is at rest", () => {
    const panel = new LocalBreakers(BREAKER);
    expect(panel.areAllClosed(NOW)).toBe(true);
    const breaker = panel.get("a");
    panel.update(breaker, NOW);
    expect(panel.areAllClosed(NOW)).toBe(true);
    panel.applyViews({ a: VIEW, unknown: VIEW }, NOW, NOW);
    expect(panel.areAllClosed(NOW)).toBe(false);
    panel.applyViews({ a: { ...VIEW, version: 3, kind: "closed" } }, NOW, NOW);
    expect(panel.areAllClosed(NOW)).toBe(true);
  });

  it("reports at once what is urgent of the endpoint that was called, and half a second later where a probe is wanted", () => {
    const panel = new LocalBreakers(BREAKER);
    const [a] = [panel.get("a"), panel.get("b")];
    expect(panel.takeReports(NOW, undefined)).toEqual({});
    for (let n = 0; n < 5; n++) call(a, "failed");
    panel.update(a, NOW);
    expect(panel.takeReports(NOW, "b")).toBeUndefined();
    expect(panel.takeReports(NOW, "a")).toMatchObject({ a: { isOpen: true } });
    panel.applyViews({ b: { ...VIEW, kind: "half" } }, NOW, NOW);
    expect(panel.takeReports(NOW + 499, undefined)).toBeUndefined();
    expect(panel.takeReports(NOW + 500, undefined)).toMatchObject({ b: { wantsProbe: true } });
  });

  it("reports each second while anything is uneasy, and else every eleven seconds", () => {
    const times = (prepare: (panel: LocalBreakers) => void): number | undefined => {
      const panel = new LocalBreakers(BREAKER);
      panel.get("a");
      panel.takeReports(NOW, undefined);
      prepare(panel);
      for (let ms = 100; ms <= 12_000; ms += 100) if (panel.takeReports(NOW + ms, undefined) !== undefined) return ms;
      return undefined;
    };
    expect(times(() => undefined)).toBe(11_000);
    expect(times((panel) => panel.applyViews({ a: { ...VIEW, kind: "ramp", admit: 1, leaseMs: 30_000 } }, NOW, NOW))).toBe(1_000);
    expect(
      times((panel) => {
        call(panel.get("a"), "failed");
        panel.update(panel.get("a"), NOW);
      }),
    ).toBe(1_000);
  });
});

describe("a window", () => {
  it("lets go of one slice after the other, and of everything after a long silence", () => {
    const window = emptyWindow();
    for (let second = 0; second < 10; second++) count(window, 10_000, NOW + second * 1_000, second % 2 === 0, second < 3);
    expect(counts(window, 10_000, NOW + 9_999)).toEqual({ calls: 10, failures: 5, slow: 3 });
    expect(counts(window, 10_000, NOW + 10_000)).toEqual({ calls: 9, failures: 4, slow: 2 });
    expect(counts(window, 10_000, NOW + 5_000)).toEqual({ calls: 9, failures: 4, slow: 2 }); // a clock that steps back
    expect(counts(window, 10_000, NOW + 1e9)).toEqual({ calls: 0, failures: 0, slow: 0 });
    count(window, 10_000, -5_500, true, true); // before the epoch
    expect(counts(window, 10_000, NOW + 1e9).calls).toBe(1);
    const early = emptyWindow();
    count(early, 10_000, -25_500, true, true);
    expect(counts(early, 10_000, -25_001)).toEqual({ calls: 1, failures: 1, slow: 1 });
    expect(counts(early, 10_000, -15_001).calls).toBe(0);
  });
});
