// Totals of many isolates: exact, in any order of merging; repeated and lost reports are known.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetricsReport } from "../../../core/metrics/report.ts";
import { Totals, type TotalsState } from "../../../core/metrics/totals.ts";

const RETRIES = "tidegate_call_retries";
const IN_FLIGHT = "tidegate_calls_in_flight";
const ENDPOINTS = "tidegate_endpoints";

function report(boot: string, sequence: number, retries: number, gauges: MetricsReport["gauges"] = []): MetricsReport {
  return { boot, sequence, series: [{ metric: RETRIES, labels: ["users"], value: retries }], gauges, hotKeys: [] };
}

const gauge = (metric: string, label: string, value: number) => ({ metric, labels: [label], value });

function readingOf(totals: Totals, metric: string, now = 0, liveMs = 15_000): number | undefined {
  return totals.read(now, liveMs).find(({ definition }) => definition.name === metric)?.series[0]?.value;
}

/** The same for equal totals. */
function sorted({ series, boots, lostReports, hotKeys }: TotalsState): unknown {
  const by = (of: unknown): string => JSON.stringify(of);
  const order = <T>(list: readonly T[]): T[] => list.toSorted((one, other) => (by(one) < by(other) ? -1 : 1));
  return { series: order(series), boots: order(boots), lostReports, hotKeys: order(hotKeys) };
}

describe("Totals", () => {
  it("adds reports of isolates up, each once", () => {
    const totals = new Totals();
    expect(totals.apply(report("a", 1, 3), 0)).toBe(true);
    expect(totals.apply(report("b", 1, 4), 0)).toBe(true);
    expect(totals.apply(report("a", 1, 3), 0)).toBe(false);
    expect(totals.apply(report("a", 2, 5), 0)).toBe(true);
    expect(readingOf(totals, RETRIES)).toBe(12);
    expect(totals.lostReports).toBe(0);
  });

  it("counts reports that are missing in the sequence of an isolate", () => {
    const totals = new Totals();
    totals.apply(report("a", 1, 1), 0);
    totals.apply(report("a", 4, 1), 0);
    expect(totals.lostReports).toBe(2);
    expect(totals.apply(report("a", 3, 1), 0)).toBe(false); // counted as lost
  });

  it("adds gauges of live isolates up, or takes the largest", () => {
    const totals = new Totals();
    totals.apply(report("a", 1, 0, [gauge(IN_FLIGHT, "r", 5), gauge(ENDPOINTS, "users", 3)]), 0);
    totals.apply(report("b", 1, 0, [gauge(IN_FLIGHT, "r", 7), gauge(ENDPOINTS, "users", 4)]), 10_000);
    expect(readingOf(totals, IN_FLIGHT, 10_000)).toBe(12);
    expect(readingOf(totals, ENDPOINTS, 10_000)).toBe(4);
    expect(readingOf(totals, IN_FLIGHT, 20_000)).toBe(7);
    expect(totals.isolates(5_000)).toBe(1);
    totals.apply(report("b", 2, 0, [gauge(IN_FLIGHT, "r", 0)]), 20_000);
    expect(readingOf(totals, IN_FLIGHT, 20_000)).toBeUndefined();
  });

  it("is the same after storage", () => {
    const totals = new Totals();
    totals.apply(report("a", 1, 3, [gauge(IN_FLIGHT, "r", 5)]), 0);
    totals.apply({ ...report("a", 3, 3), hotKeys: [{ rule: "r", hash: "00", allowed: 1, refused: 2 }] }, 0);
    const stored: TotalsState = structuredClone(totals.state());
    expect(Totals.of(stored).state()).toEqual(stored);
  });

  it("merges in any order and grouping to the same sums", () => {
    const histogram = fc
      .array(fc.nat(20), { minLength: 1, maxLength: 5 })
      .map((counts) => ({ zeros: 1, sum: 7, offset: 3, counts: [1, ...counts, 1] }));
    const made = fc.record({
      boot: fc.constantFrom("a", "b", "c"),
      label: fc.constantFrom("x", "y"),
      value: fc.nat(9),
      gauge: fc.nat(3),
      histogram,
    });
    const totalsOf = (reports: readonly MetricsReport[]): Totals => {
      const totals = new Totals();
      for (const one of reports) totals.apply(one, one.sequence);
      return totals;
    };
    const several = fc.array(fc.array(made, { maxLength: 6 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(several, (shards) => {
        let sequence = 0;
        const reports = shards.map((shard) =>
          shard.map(({ boot, label, value, gauge: open, histogram: delta }): MetricsReport => {
            sequence += 1;
            const series = [
              { metric: RETRIES, labels: [label], value },
              { metric: "tidegate_call_delay", labels: [label], histogram: delta },
            ];
            return { boot, sequence, series, gauges: [gauge(IN_FLIGHT, label, open)], hotKeys: [] };
          }),
        );
        const [a, b, c] = reports.map(totalsOf) as [Totals, Totals, Totals];
        const left = Totals.of(a.state());
        left.merge(b);
        left.merge(c);
        const right = Totals.of(c.state());
        right.merge(b);
        const other = Totals.of(right.state());
        other.merge(a);
        expect(sorted(left.state())).toEqual(sorted(other.state()));
      }),
      { seed: 11 },
    );
  });

  it("stays bounded in series and isolates", () => {
    const totals = new Totals({ maxSeries: 10, maxBoots: 5, maxHotKeys: 4 });
    for (let at = 0; at < 1_000; at++) {
      const hotKeys = [{ rule: "r", hash: String(at), allowed: 1, refused: 0 }];
      totals.apply({ boot: `b${at}`, sequence: 1, series: [{ metric: RETRIES, labels: [`u${at}`], value: 1 }], gauges: [], hotKeys }, at);
    }
    const { series, boots, hotKeys } = totals.state();
    expect([series.length, boots.length, hotKeys.length]).toEqual([11, 5, 4]);
    expect(boots.map(({ boot }) => boot)).toEqual(["b995", "b996", "b997", "b998", "b999"]);
    expect(series.reduce((sum, { value }) => sum + value!, 0)).toBe(1_000);
  });

  it("keeps metrics that only a newer version knows, and shows them to none", () => {
    const totals = new Totals();
    totals.apply({ boot: "a", sequence: 1, series: [{ metric: "tidegate_new", labels: [], value: 1 }], gauges: [], hotKeys: [] }, 0);
    expect(totals.state().series).toEqual([{ metric: "tidegate_new", labels: [], value: 1 }]);
    expect(totals.read(0, 1).some(({ series }) => series.length > 0)).toBe(false);
  });
});
