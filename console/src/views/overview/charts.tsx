// The golden signals over the last ten minutes, as far as this tab has seen them.
import { type ChartLine, TimeChart } from "../../components/time-chart.tsx";
import { duration, rate } from "../../data/format.ts";
import { HISTORY_MS, type Point } from "../../data/summary.ts";

export function Charts({ history }: { readonly history: readonly Point[] }) {
  const times = history.map(({ at }) => at);
  const spanMs = spanOf(times);
  const line = (name: string, color: ChartLine["color"], value: (point: Point) => number | null): ChartLine => {
    return { name, color, values: history.map(value) };
  };
  return (
    <div class="cards">
      <section class="card" aria-labelledby="chart-calls">
        <h2 id="chart-calls">Calls per second</h2>
        <TimeChart
          label="Calls per second"
          {...{ times, spanMs }}
          format={rate}
          lines={[line("calls", 1, ({ rate }) => rate), line("errors", 4, ({ errorRate }) => errorRate)]}
        />
      </section>
      <section class="card" aria-labelledby="chart-latency">
        <h2 id="chart-latency">Latency</h2>
        <TimeChart
          label="Latency"
          {...{ times, spanMs }}
          format={duration}
          lines={[
            line("p99", 4, ({ p99 }) => p99),
            line("p95", 2, ({ p95 }) => p95),
            line("p50", 1, ({ p50 }) => p50),
            line("p95 of upstreams", 3, ({ upstreamP95 }) => upstreamP95),
          ]}
        />
      </section>
    </div>
  );
}

/** The axis grows with what has been seen: one minute, then more, up to ten. */
function spanOf(times: readonly number[]): number {
  const seen = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return [60_000, 180_000, 300_000].find((span) => seen <= span) ?? HISTORY_MS;
}
