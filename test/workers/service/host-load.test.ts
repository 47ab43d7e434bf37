import { describe, expect, it } from "vitest";
import { parseLoadReport } from "../../../core/balance/load-report.ts";
import { HostLoad, remainingMs } from "../../../workers/service/host-load.ts";

const refusal = (load: HostLoad, now: number, sent: Record<string, string> = {}) => {
  const headers = new Headers(sent);
  return load.refusal(headers, remainingMs(headers), now);
};
/** Serves `count` calls one after the other, each for `ms`. @returns the time at the end */
function serve(load: HostLoad, count: number, ms: number, from = 0): number {
  for (let n = 0; n < count; n++) load.start(from + n * ms)(from + (n + 1) * ms);
  return from + count * ms;
}

describe("remainingMs", () => {
  it.each([
    [{}, Number.POSITIVE_INFINITY],
    [{ "connect-timeout-ms": "500" }, 500],
    [{ "grpc-timeout": "2S" }, 2_000],
    [{ "connect-timeout-ms": "0", "grpc-timeout": "2S" }, 0],
    [{ "connect-timeout-ms": "soon" }, Number.POSITIVE_INFINITY],
    [{ "grpc-timeout": "2 S" }, Number.POSITIVE_INFINITY],
  ])("of %j is %d ms", (headers, ms) => {
    expect(remainingMs(new Headers(headers as Record<string, string>))).toBe(ms);
  });
});

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
    expect(refusal(load, 0, { "tidegate-criticality": "sheddable" })).toBe("level");
    expect(refusal(load, 0)).toBeUndefined();
    for (let n = 0; n < 3; n++) load.start(0);
    expect(refusal(load, 0, { "tidegate-criticality": "critical_plus" })).toBe("full");
  });

  it("stops counting a call that never ends: at its deadline, or after a minute without one", () => {
    const load = new HostLoad({ max: 1, floor: 1 });
    load.start(0, 500);
    expect([refusal(load, 400), refusal(load, 5_000)]).toEqual(["full", undefined]);
    load.start(5_000, Number.POSITIVE_INFINITY);
    expect([refusal(load, 60_000), refusal(load, 70_000)]).toEqual(["full", undefined]);
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

  describe("while the clock stands still, as deployed where a call only computes", () => {
    it("reports calls in flight, and no speed", () => {
      const load = new HostLoad();
      serve(load, 200, 0, 1_000);
      load.start(1_000);
      expect(load.predictedMs).toBe(0);
      for (const report of [load.report(0), load.report()]) {
        expect(report).toBe("TEXT named_metrics.rif=1");
        expect(parseLoadReport(report)).toBeUndefined(); // the gateway goes by its own measurement
      }
    });

    it("redirects no call, and refuses none as late", () => {
      const load = new HostLoad({ max: 10_000, floor: 1 });
      for (let n = 0; n < 500; n++) {
        expect(load.shouldRedirect("5", 1_000)).toBe(false);
        expect(refusal(load, 1_000, { "connect-timeout-ms": "1" })).toBeUndefined();
        load.start(1_000)(1_000);
      }
    });

    it("refuses above its capacity all the same: calls in flight need no clock", () => {
      const load = new HostLoad({ max: 10, floor: 10 });
      for (let n = 0; n < 10; n++) load.start(1_000);
      expect(refusal(load, 1_000, { "tidegate-criticality": "critical_plus" })).toBe("full");
      expect(refusal(load, 1_000, { "tidegate-criticality": "sheddable" })).toBe("full");
    });

    it("keeps the speed of calls that the clock has measured", () => {
      const load = new HostLoad();
      const now = serve(load, 200, 10);
      serve(load, 1_000, 0, now);
      expect(load.predictedMs).toBeCloseTo(10, 5);
      expect(load.report(0)).toBe("TEXT named_metrics.predicted_ms=10.0,named_metrics.usual_ms=10.0,named_metrics.rif=0");
      load.start(now)(now - 5); // the clock of another call, which is behind
      expect(load.predictedMs).toBeCloseTo(10, 5);
    });
  });
});
