// The local breakers of an upstream: one for each endpoint, and reports as often as their state demands.
import { describe, expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import type { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import type { BreakerView } from "../../../core/breaker/report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NOW = 50_000;
const VIEW: BreakerView = { version: 2, kind: "open", admit: 0, retryAfterMs: 700, probeId: undefined, leaseMs: 3_000 };
const admitted = (breaker: LocalBreaker, now: number): Admitted => {
  const admission = breaker.admit(now, 0.5);
  if (admission.kind !== "admitted") throw new Error(`refused for ${admission.retryAfterMs} ms`);
  return admission;
};
const call = (breaker: LocalBreaker, outcome: "succeeded" | "failed", now = NOW): void =>
  breaker.record(admitted(breaker, now), outcome, 1, now, 0);

describe("the local breakers of an upstream", () => {
  it("have one breaker for each endpoint, until the endpoint is gone", () => {
    const breakers = new LocalBreakers(BREAKER);
    const [a, b] = [breakers.get("a"), breakers.get("b")];
    expect(breakers.get("a")).toBe(a);
    for (let n = 0; n < 5; n++) call(a, "failed");
    breakers.update("a", NOW);
    expect(breakers.areAllClosed(NOW)).toBe(false);
    expect([...breakers.notClosed(NOW)]).toEqual([["a", { local: "open", shared: "closed", override: undefined }]]);
    breakers.retain(new Set(["b"]));
    expect(breakers.areAllClosed(NOW)).toBe(true);
    expect([...breakers.notClosed(NOW)]).toEqual([]);
    expect(breakers.get("b")).toBe(b);
    expect(breakers.get("a")).not.toBe(a);
  });

  it("are all closed again once every breaker is closed", () => {
    const breakers = new LocalBreakers(BREAKER);
    expect(breakers.areAllClosed(NOW)).toBe(true);
    breakers.get("a");
    breakers.update("a", NOW);
    expect(breakers.areAllClosed(NOW)).toBe(true);
    breakers.applyViews({ a: VIEW, unknown: VIEW }, NOW, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(false);
    breakers.applyViews({ a: { ...VIEW, version: 3, kind: "closed" } }, NOW, NOW);
    expect(breakers.areAllClosed(NOW)).toBe(true);
  });

  it("say how soon a report is due: at once for the result of a probe, soon for a breaker that has opened", () => {
    const breakers = new LocalBreakers(BREAKER);
    const [a, b] = [breakers.get("a"), breakers.get("b")];
    for (let n = 0; n < 5; n++) call(a, "failed");
    breakers.update("a", NOW);
    expect([breakers.urgencyOf("a"), breakers.urgencyOf("b"), breakers.urgencyOf("unknown")]).toEqual(["news", "none", "none"]);
    expect(breakers.takeReports(NOW)).toMatchObject({ a: { isOpen: true } });
    expect(breakers.urgencyOf("a")).toBe("none");
    breakers.applyViews({ b: { ...VIEW, kind: "half_open", probeId: 1 } }, NOW, NOW);
    call(b, "succeeded");
    expect(breakers.urgencyOf("b")).toBe("probe");
    expect(breakers.takeReports(NOW)).toMatchObject({ b: { probe: { id: 1, succeeded: true } } });
  });

  it("report what was called in the last ten seconds, and what is not closed", () => {
    const breakers = new LocalBreakers(BREAKER);
    const [a] = [breakers.get("a"), breakers.get("b"), breakers.get("c")];
    expect(breakers.takeReports(NOW)).toEqual({});
    call(a, "succeeded");
    breakers.applyViews({ c: { ...VIEW, leaseMs: 30_000 } }, NOW, NOW);
    expect(Object.keys(breakers.takeReports(NOW)).sort()).toEqual(["a", "c"]);
    expect(Object.keys(breakers.takeReports(NOW + 11_000))).toEqual(["c"]);
  });

  it("send at most 200 reports at once: those in trouble first, the others in turn", () => {
    const breakers = new LocalBreakers(BREAKER);
    for (let n = 0; n < 450; n++) call(breakers.get(`e${n}`), n === 449 ? "failed" : "succeeded");
    const seen = new Set<string>();
    for (let message = 0; message < 3; message++) {
      const ids = Object.keys(breakers.takeReports(NOW));
      expect(ids).toHaveLength(200);
      if (message === 0) expect(ids).toContain("e449");
      for (const id of ids) seen.add(id);
    }
    expect(seen.size).toBe(450);
  });
});
