// The exchange of a report and a view: what both sides have to agree about, however long the messages travel.
import fc from "fast-check";
import { expect, it } from "vitest";
import { LocalBreaker } from "../../../core/breaker/local-breaker.ts";
import type { BreakerReport, BreakerView } from "../../../core/breaker/report.ts";
import { CLOSED, type SharedBreaker } from "../../../core/breaker/shared-breaker.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { receiveReport } from "../../support/receive-report.ts";

const NOW = 100_000;
const HALF_OPEN: SharedBreaker = { ...CLOSED, kind: "half_open", successes: 0, opens: 1, version: 3 };
const overRpc = <T>(message: T): T => structuredClone(message);

it("ends a probe at its isolate before the Durable Object counts it as expired", () => {
  const ms = fc.integer({ min: 0, max: 6_000 });
  fc.assert(
    fc.property(ms, ms, (requestMs, responseMs) => {
      const breaker = new LocalBreaker(BREAKER);
      breaker.applyView({ version: 3, kind: "half_open", admit: 0, retryAfterMs: 1, probeId: undefined, leaseMs: 60_000 }, NOW - 1);
      const report: BreakerReport = overRpc(breaker.takeReport(NOW)!);
      const [after, view] = receiveReport(HALF_OPEN, { isolate: "a", location: "A", ...report }, BREAKER, NOW + requestMs);
      const received: BreakerView = overRpc(view);
      breaker.applyView(received, NOW);
      const admission = breaker.admit(NOW + requestMs + responseMs, 0);
      if (admission.kind === "refused") return;
      expect(admission.probe!.endsAt).toBeLessThanOrEqual(after.probes.expiries.get(admission.probe!.id)!);
      expect(admission.probe!.endsAt).toBeGreaterThan(NOW + requestMs + responseMs);
    }),
  );
});
