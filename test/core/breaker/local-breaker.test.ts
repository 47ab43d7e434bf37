// The local breaker of one endpoint: what opens it, how a probe closes it, and which outcomes count for nothing.
import { describe, expect, it } from "vitest";
import { type Admitted, UNRECORDED } from "../../../core/breaker/admission.ts";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { type BreakerView, PROBE_MS } from "../../../core/breaker/report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 50_000;
const VIEW: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
const admitted = (breaker: LocalBreaker, now: number, random = 0.5): Admitted => {
  const admission = breaker.admit(now, random);
  if (admission.kind !== "admitted") throw new Error(`refused for ${admission.retryAfterMs} ms`);
  return admission;
};
const call = (breaker: LocalBreaker, outcome: "succeeded" | "failed", now = NOW, tookMs = 1, random = 0): void =>
  breaker.record(admitted(breaker, now), outcome, tookMs, now, random);
/** A breaker that its own evidence has opened at `NOW`. */
function opened(random = 0, policy = BREAKER): LocalBreaker {
  const breaker = new LocalBreaker(policy);
  for (let n = 0; n < policy.consecutive; n++) call(breaker, "failed", NOW, 1, random);
  return breaker;
}

describe("a local breaker that its own evidence opens", () => {
  it("is open for 1 to 3 s, at random", () => {
    expect(opened(0).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 1_000 });
    expect(opened(0.5).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 2_000 });
    expect(opened(0.999_999).admit(NOW, 0)).toEqual({ kind: "refused", retryAfterMs: 3_000 });
    expect(opened(0).admit(NOW + 999, 0)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(opened(0).admit(NOW + 1_000, 0).kind).toBe("admitted");
    expect(opened(0.1).retryAfterMs(NOW + 0.5)).toBe(1_200);
  });

  it("opens at the exact share of failures, of enough calls", () => {
    const share = (successes: number, failures: number): boolean => {
      const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000 });
      for (let n = 0; n < successes; n++) call(breaker, "succeeded");
      for (let n = 0; n < failures; n++) if (breaker.admit(NOW, 0).kind === "admitted") call(breaker, "failed");
      return breaker.admit(NOW, 0).kind === "refused";
    };
    expect([share(10, 9), share(10, 10), share(11, 10)]).toEqual([false, true, false]);
  });

  it("opens for calls of slowMs or longer, failed or not, unless the rule is off", () => {
    const slow = (tookMs: number, slowPercent: number, outcome: "succeeded" | "failed" = "succeeded"): boolean => {
      const breaker = new LocalBreaker({ ...BREAKER, slowPercent, slowMs: 1_000, failurePercent: 100, consecutive: 1_000 });
      call(breaker, "succeeded", NOW, 1);
      for (let n = 0; n < 19; n++) if (breaker.admit(NOW, 0).kind === "admitted") call(breaker, outcome, NOW, tookMs);
      return breaker.admit(NOW, 0).kind === "refused";
    };
    expect([slow(999, 95), slow(1_000, 95), slow(1_000, 96), slow(9_999, 100)]).toEqual([false, true, false, false]);
    expect([slow(1_000, 95, "failed"), slow(999, 95, "failed")]).toEqual([true, false]);
  });

  it("checks the failure rate after a success as well if slow calls count", () => {
    const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000, slowPercent: 99 });
    for (let n = 0; n < 19; n++) call(breaker, "failed");
    call(breaker, "succeeded");
    expect(breaker.admit(NOW, 0).kind).toBe("refused"); // 19 of 20 have failed
  });

  it("admits one probe when its time is over, and the next one once that has ended or is 5 s old", () => {
    const breaker = opened();
    expect([breaker.isDueForProbe(NOW + 999), breaker.isDueForProbe(NOW + 1_000)]).toEqual([false, true]);
    const probe = admitted(breaker, NOW + 1_000);
    expect(probe.probe).toEqual({ version: 0, id: 0, endsAt: NOW + 1_000 + PROBE_MS });
    expect(breaker.isDueForProbe(NOW + 1_001)).toBe(false);
    expect(breaker.admit(NOW + 1_001, 0)).toEqual({ kind: "refused", retryAfterMs: 500 });
    expect([breaker.isDueForProbe(NOW + 5_999), breaker.isDueForProbe(NOW + 6_000)]).toEqual([false, true]);
    breaker.record(probe, "succeeded", 1, NOW + 6_000, 0); // too late to count
    expect(breaker.isClosed(NOW + 6_000)).toBe(false);
    breaker.record(admitted(breaker, NOW + 6_000), "succeeded", 1, NOW + 6_001, 0);
    expect(breaker.isClosed(NOW + 6_001)).toBe(true);
    expect(breaker.isDueForProbe(NOW + 6_001)).toBe(false);
  });

  it("still waits for its probe if another call is discarded or recorded", () => {
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

  it("refuses ordinary calls until a probe succeeds", () => {
    const breaker = opened();
    expect([breaker.refuses(NOW, 0), breaker.refuses(NOW + 1_000, 0.9)]).toEqual([true, true]);
    expect(new LocalBreaker(BREAKER).refuses(NOW, 0.999)).toBe(false);
  });

  it("counts no outcome of a call that it has not admitted", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 9; n++) breaker.record(UNRECORDED, "failed", 1, NOW, 0);
    expect(breaker.isClosed(NOW)).toBe(true);
    expect(breaker.takeReport(NOW)).toBeUndefined();
  });
});

describe("a local breaker that applies a view", () => {
  it("admits the share of the view", () => {
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView({ ...VIEW, kind: "ramp", admit: 0.3, retryAfterMs: 0 }, NOW);
    expect([breaker.refuses(NOW, 0.29), breaker.refuses(NOW, 0.3)]).toEqual([false, true]);
    expect(breaker.admit(NOW, 0.3)).toEqual({ kind: "refused", retryAfterMs: 1 });
    expect(breaker.admit(NOW, 0.29).kind).toBe("admitted");
    breaker.applyView({ ...VIEW, version: 3, kind: "closed", admit: 1 }, NOW);
    expect(breaker.isClosed(NOW)).toBe(true);
  });

  it("sends a granted probe once, within five seconds of its report", () => {
    const half: BreakerView = { ...VIEW, kind: "half_open", probeId: 4, leaseMs: 20_000 };
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView(half, NOW);
    expect([breaker.isDueForProbe(NOW + 4_999), breaker.isDueForProbe(NOW + 5_000)]).toEqual([true, false]);
    const { probe } = admitted(breaker, NOW + 10);
    expect(probe).toEqual({ version: 2, id: 4, endsAt: NOW + 5_000 });
    expect(breaker.isDueForProbe(NOW + 11)).toBe(false);
    expect(breaker.admit(NOW + 11, 0).kind).toBe("refused");
    breaker.applyView(half, NOW + 12); // the same view again
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

  it("wants another probe if no call has used the granted one within its five seconds", () => {
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView({ ...VIEW, kind: "half_open", probeId: 4, leaseMs: 20_000 }, NOW);
    expect([breaker.wantsProbe(NOW + 4_999), breaker.wantsProbe(NOW + 5_000)]).toEqual([false, true]);
  });

  it("reports the outcome of a granted probe once", () => {
    for (const outcome of ["succeeded", "failed"] as const) {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ ...VIEW, kind: "half_open", probeId: 4, leaseMs: 20_000 }, NOW);
      const probe = admitted(breaker, NOW);
      expect(breaker.wantsProbe(NOW)).toBe(false);
      breaker.record(probe, outcome, 1, NOW + 1, 0);
      expect(breaker.urgency).toBe("probe");
      expect(breaker.takeReport(NOW + 2)).toMatchObject({ probe: { version: 2, id: 4, succeeded: outcome === "succeeded" } });
      expect(breaker.urgency).toBe("none");
      expect(breaker.takeReport(NOW + 3)?.probe).toBeUndefined();
    }
  });

  it("drops its own evidence with a new version that is not closed, and with no other", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) call(breaker, "failed");
    breaker.applyView({ ...VIEW, kind: "closed", admit: 1, version: 5 }, NOW);
    call(breaker, "failed");
    expect(breaker.admit(NOW, 0).kind).toBe("refused"); // five in a row: a closed view drops nothing
    const other = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) call(other, "failed");
    other.applyView({ ...VIEW, kind: "ramp", admit: 1 }, NOW);
    call(other, "failed");
    expect(other.admit(NOW, 0).kind).toBe("admitted");
    other.applyView({ ...VIEW, kind: "ramp", admit: 1 }, NOW + 1); // the same version: nothing is dropped
    for (let n = 0; n < 4; n++) call(other, "failed");
    expect(other.admit(NOW, 0).kind).toBe("refused");
  });

  it("applies an older view only after the lease of the newer one", () => {
    const breaker = new LocalBreaker(BREAKER);
    breaker.applyView({ ...VIEW, version: 9, kind: "ramp", admit: 1 }, NOW);
    breaker.applyView({ ...VIEW, version: 8 }, NOW + 2_999);
    expect(breaker.admit(NOW + 2_999, 0).kind).toBe("admitted");
    breaker.applyView({ ...VIEW, version: 8 }, NOW + 3_000); // the Durable Object has lost its storage
    expect(breaker.admit(NOW + 3_000, 0).kind).toBe("refused");
  });

  it("wants a probe while it is half open, or open beyond its lease, unless it has one", () => {
    const wants = (view: Partial<BreakerView>, atMs: number): boolean => {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ ...VIEW, ...view }, NOW);
      return breaker.wantsProbe(NOW + atMs);
    };
    expect(wants({ kind: "half_open" }, 0)).toBe(true);
    expect(wants({ kind: "half_open", probeId: 1 }, 0)).toBe(false);
    expect([wants({}, 2_999), wants({}, 3_000)]).toEqual([false, true]);
    expect([wants({ kind: "ramp" }, 0), wants({ kind: "closed" }, 0)]).toEqual([false, false]);
    expect(new LocalBreaker(BREAKER).wantsProbe(NOW)).toBe(false);
  });

  it("has news when its own evidence opens it, or when a call fails, until the next report or success", () => {
    const breaker = new LocalBreaker(BREAKER);
    expect(breaker.urgency).toBe("none");
    call(breaker, "failed");
    expect([breaker.urgency, opened().urgency]).toEqual(["news", "news"]);
    breaker.takeReport(NOW);
    expect(breaker.urgency).toBe("none");
    call(breaker, "failed");
    call(breaker, "succeeded");
    expect(breaker.urgency).toBe("none"); // it has recovered
  });
});

describe("a report of a local breaker", () => {
  it("has a number, the counts of the window, and whether the endpoint has recovered", () => {
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

describe("a local breaker", () => {
  it("opens after five failures in a row, and not after four and a success", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 4; n++) call(breaker, "failed", 0);
    call(breaker, "succeeded", 0);
    for (let n = 0; n < 4; n++) call(breaker, "failed", 0);
    expect(breaker.admit(0, 0.5).kind).toBe("admitted");
    call(breaker, "failed", 0);
    expect(breaker.admit(1, 0.5)).toEqual({ kind: "refused", retryAfterMs: 999 });
  });

  it("opens when half of enough calls fail, within ten seconds", () => {
    const breaker = new LocalBreaker({ ...BREAKER, consecutive: 1_000 });
    for (let n = 0; n < 9; n++) {
      call(breaker, "succeeded", n);
      call(breaker, "failed", n);
    }
    for (let n = 0; n < 4; n++) call(breaker, "failed", 20_000 + n);
    expect(breaker.admit(20_004, 0.5).kind).toBe("admitted");
    for (let n = 0; n < 8; n++) {
      call(breaker, "succeeded", 20_010);
      call(breaker, "failed", 20_010);
    }
    expect(breaker.admit(20_011, 0.5).kind).toBe("refused");
  });

  it("opens for slow calls if slowPercent says so", () => {
    const breaker = new LocalBreaker({ ...BREAKER, slowPercent: 50, slowMs: 1_000 });
    for (let n = 0; n < 20; n++) call(breaker, "succeeded", n, 2_000);
    expect(breaker.admit(20, 0.5).kind).toBe("refused");
  });

  it("admits one probe, opens again when it fails, and closes when it succeeds", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 5; n++) call(breaker, "failed", 0);
    const probe = admitted(breaker, 1_001);
    expect(probe.probe).toBeDefined();
    expect(breaker.admit(1_002, 0.5).kind).toBe("refused");
    breaker.record(probe, "failed", 1, 1_100, 0);
    expect(breaker.admit(1_200, 0.5).kind).toBe("refused");
    breaker.record(admitted(breaker, 2_200), "succeeded", 1, 2_201, 0);
    for (let n = 0; n < 10; n++) expect(breaker.admit(2_202, 0.5).kind).toBe("admitted");
  });

  it("admits another probe if the caller of the last one went away, or if it does not end", () => {
    const breaker = new LocalBreaker(BREAKER);
    for (let n = 0; n < 5; n++) call(breaker, "failed", 0);
    breaker.discard(admitted(breaker, 1_001));
    expect(breaker.admit(1_002, 0.5).kind).toBe("admitted");
    expect(breaker.admit(1_003, 0.5).kind).toBe("refused"); // a probe is in flight, and never ends
    expect(breaker.admit(6_100, 0.5).kind).toBe("admitted");
  });

  it("ignores outcomes of calls that it admitted before it opened", () => {
    const breaker = new LocalBreaker(BREAKER);
    const late = Array.from({ length: 20 }, () => admitted(breaker, 0));
    for (let n = 0; n < 5; n++) call(breaker, "failed", 0);
    breaker.record(admitted(breaker, 1_001), "succeeded", 1, 1_002, 0); // closed again
    for (const one of late) breaker.record(one, "failed", 1_000, 1_003, 0);
    expect(breaker.admit(1_004, 0.5).kind).toBe("admitted");
  });

  it("applies a view until its lease ends, counted from the report, and a little longer until the next view arrives", () => {
    const breaker = new LocalBreaker(BREAKER);
    const view: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
    breaker.applyView(view, 1_000);
    expect(breaker.admit(3_999, 0)).toEqual({ kind: "refused", retryAfterMs: 700 });
    expect(breaker.admit(18_999, 0).kind).toBe("refused");
    expect(breaker.admit(19_000, 0).kind).toBe("admitted"); // an old view does not apply for ever
    expect(breaker.takeReport(5_000)).toMatchObject({ wantsProbe: true });
    expect(breaker.admit(5_999, 0).kind).toBe("refused");
    expect(breaker.admit(6_000, 0).kind).toBe("admitted"); // also if the Durable Object does not respond
    breaker.applyView({ ...view, version: 4, kind: "ramp", admit: 0.3 }, 4_000);
    expect([breaker.admit(4_001, 0.29).kind, breaker.admit(4_001, 0.31).kind]).toEqual(["admitted", "refused"]);
    breaker.applyView({ ...view, version: 3 }, 4_000); // an older view that arrived late
    expect(breaker.admit(4_002, 0).kind).toBe("admitted");
  });
});
