import { describe, expect, it } from "vitest";
import { parseLoadReport } from "../../../core/balance/load-report.ts";
import { HostLoad } from "../../../workers/service/host-load.ts";

const request = (headers: Record<string, string> = {}) => new Request("http://x/", { headers });
/** Serves `count` calls one after the other, each for `ms`. @returns the time at the end */
function serve(load: HostLoad, count: number, ms: number, from = 0): number {
  for (let n = 0; n < count; n++) load.start(from + n * ms)(from + (n + 1) * ms);
  return from + count * ms;
}

describe("HostLoad", () => {
  it("predicts the time of one more call from the calls that have ended and those in flight", () => {
    const load = new HostLoad();
    expect(load.predictedMs).toBe(0);
    const now = serve(load, 200, 10);
    expect(load.predictedMs).toBeCloseTo(10, 5);
    load.start(now);
    load.start(now);
    expect(load.predictedMs).toBeCloseTo(30, 5);
  });

  it("divides by the cores that work at the same time", () => {
    const load = new HostLoad(undefined, 4);
    const now = serve(load, 200, 10);
    for (let n = 0; n < 3; n++) load.start(now);
    expect(load.predictedMs).toBeCloseTo(10, 5);
  });

  it("redirects a call while it is busy and slower than the median of all endpoints, where the call may be redirected", () => {
    const busy = () => {
      const load = new HostLoad();
      load.start(serve(load, 200, 30));
      return load; // predicts 60 ms
    };
    const now = 6_000;
    const idle = new HostLoad();
    serve(idle, 200, 30);
    expect(idle.shouldRedirect("5", now)).toBe(false);
    expect([busy().shouldRedirect("5", now), busy().shouldRedirect("50", now)]).toEqual([true, false]);
    for (const median of [null, "-5", "5e9", "", "soon"]) expect(busy().shouldRedirect(median, now), String(median)).toBe(false);
  });

  it("refuses calls above its capacity, of a low level first", () => {
    const load = new HostLoad({ max: 10, floor: 10 });
    for (let n = 0; n < 7; n++) load.start(0);
    expect(load.refusal(request({ "tidegate-criticality": "sheddable" }), 0)).toBe("level");
    expect(load.refusal(request(), 0)).toBeUndefined();
    for (let n = 0; n < 3; n++) load.start(0);
    expect(load.refusal(request({ "tidegate-criticality": "critical_plus" }), 0)).toBe("full");
  });

  it("stops counting a call that never ends: at its deadline, or after a minute without one", () => {
    const load = new HostLoad({ max: 1, floor: 1 });
    load.start(0, request({ "connect-timeout-ms": "500" }));
    expect([load.refusal(request(), 400), load.refusal(request(), 5_000)]).toEqual(["full", undefined]);
    load.start(5_000, request());
    expect([load.refusal(request(), 60_000), load.refusal(request(), 70_000)]).toEqual(["full", undefined]);
  });

  it("reports what the gateway reads: predicted time, usual time, calls in flight and the time of the call", () => {
    const load = new HostLoad();
    const now = serve(load, 200, 10);
    load.start(now);
    const report = load.report(12.34);
    expect(report).toBe("TEXT named_metrics.predicted_ms=20.0,named_metrics.usual_ms=20.0,named_metrics.rif=1,named_metrics.took_ms=12.3");
    expect(parseLoadReport(report)).toMatchObject({ predictedMs: 20 });
    expect(load.report()).not.toContain("took_ms");
  });
});
