// How recent a view of revocations is: what a call does with it, at and around each bound.
import { describe, expect, it } from "vitest";
import { RevocationView, type ViewDecision } from "../../../core/keys/revocation-view.ts";

const LIMITS = { maxAgeMs: 10_000, maxStaleMs: 60_000 };
const T = 1_000_000;

function learnedAt(at: number, ageMs = 0): RevocationView {
  const view = new RevocationView(LIMITS);
  view.sent(at);
  view.learned(at, ageMs, at);
  return view;
}
const shown = (decision: ViewDecision): string =>
  "refreshes" in decision ? `${decision.kind}${decision.refreshes ? " refreshes" : ""}` : decision.kind;

describe("a view of revocations", () => {
  it.each([
    [0, "usable"],
    [8_000, "usable"],
    [8_001, "usable refreshes"],
    [10_000, "usable refreshes"],
    [10_001, "waits"],
    [3_600_000, "waits"],
  ])("of %i ms: %s", (age, decision) => {
    expect(shown(learnedAt(T).decide(T + age))).toBe(decision);
    expect(shown(learnedAt(T, age).decide(T))).toBe(
      decision === "waits" ? (age <= 60_000 ? "usable" : "unusable") : decision.replace(" refreshes", ""),
    );
  });

  it("is waited for by the first call of an isolate", () => {
    expect(new RevocationView(LIMITS).decide(T)).toEqual({ kind: "waits" });
  });

  it("counts up to maxStaleMs without an answer, not 1 ms longer, and refreshes again after a second", () => {
    const view = learnedAt(T);
    view.sent(T + 58_000);
    view.failed(T + 59_000);
    expect(shown(view.decide(T + 59_999))).toBe("usable");
    expect(shown(view.decide(T + 60_000))).toBe("usable refreshes");
    view.sent(T + 60_000);
    expect(shown(view.decide(T + 60_000))).toBe("usable");
    expect(shown(view.decide(T + 60_001))).toBe("unusable");
    expect(shown(view.decide(T + 61_000))).toBe("unusable refreshes");
  });

  it("is waited for again 5 s after the last failure", () => {
    const view = learnedAt(T);
    view.failed(T + 20_000);
    expect(shown(view.decide(T + 24_999))).toBe("usable refreshes");
    expect(shown(view.decide(T + 25_000))).toBe("waits");
  });

  it("is current with the first answer after failures", () => {
    const view = learnedAt(T);
    view.failed(T + 61_000);
    view.learned(T + 61_500, 10, T + 61_600);
    expect(shown(view.decide(T + 61_600))).toBe("usable");
    expect(view.ageMs(T + 61_600)).toBe(110);
  });

  it("takes an answer with an outdated view for none", () => {
    const view = learnedAt(T);
    view.sent(T + 20_000);
    view.learned(T + 20_000, 15_000, T + 20_100); // the relay does not reach the Durable Object
    expect(shown(view.decide(T + 20_100))).toBe("usable");
    expect(view.ageMs(T + 20_100)).toBe(15_100);
  });

  it("never becomes older by a late answer", () => {
    const view = learnedAt(T);
    view.learned(T - 5_000, 0, T + 10);
    expect(view.ageMs(T + 10)).toBe(10);
  });

  it("is worth nothing after the clock was set back, until the next answer", () => {
    const view = learnedAt(T);
    view.failed(T);
    expect(shown(view.decide(T - 3_600_000))).toBe("waits");
    view.learned(T - 3_600_000, 0, T - 3_600_000);
    expect(shown(view.decide(T - 3_600_000))).toBe("usable");
    expect(shown(view.decide(T - 3_600_000 + 10_000))).toBe("usable refreshes");
  });

  it("takes no age below zero from a relay", () => {
    expect(learnedAt(T, -5_000).ageMs(T)).toBe(0);
  });
});
