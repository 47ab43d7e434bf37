// Limits: which rules refuse calls, and whose. Keys are shown as hashes: an address or a principal stays in its isolate.
import type { Summary } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Empty } from "../../components/empty.tsx";
import { Figure, Figures } from "../../components/figure.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { useWindow } from "../../components/window-choice.tsx";
import { count, number, percent } from "../../data/format.ts";
import { metricValue } from "../../data/metric-value.ts";
import { useMetrics } from "../../data/metrics.ts";
import { useSummary } from "../../data/summary.ts";
import { HotKeys } from "./hot-keys.tsx";
import { Rules } from "./rules.tsx";

const EXAMPLE = `rateLimits: {
  "per-caller": { key: "ip", capacity: 100, rate: 50, intervalMs: 1_000, fail: "open" },
},
defaults: { rateLimits: ["per-caller"] },`;

export function View() {
  const { seconds, choice } = useWindow();
  const { value: summary, receivedAt, problem } = useSummary(seconds);
  return (
    <>
      <div class="head">
        <h1>Limits</h1>
        <div class="tools">
          <Freshness receivedAt={receivedAt} problem={problem} />
          {choice}
        </div>
      </div>
      <LimitFigures summary={summary} />
      {summary === undefined ? <Skeleton lines={6} /> : summary.limits.length === 0 ? <NoRules /> : <Rules rules={summary.limits} />}
      <HotKeys keys={summary?.hotKeys} />
    </>
  );
}

function LimitFigures({ summary }: { readonly summary: Summary | undefined }) {
  const { value: metrics } = useMetrics();
  const sums = (summary?.limits ?? []).map(({ allowed, refused, wouldRefuse }) => [Number(allowed), Number(refused), Number(wouldRefuse)]);
  const [allowed = 0, refused = 0, wouldRefuse = 0] = [0, 1, 2].map((at) => sums.reduce((sum, row) => sum + (row[at] ?? 0), 0));
  const decisions = allowed + refused;
  const rate = summary && decisions / (summary.windowSeconds || 1);
  const amount = (name: string, labels = {}): string | undefined => {
    const value = metricValue(metrics, name, labels);
    return value === undefined ? undefined : count(Math.round(value));
  };
  return (
    <Figures label="Limits">
      <Figure label="Decisions/s" value={rate === undefined ? undefined : number(rate)} note="of all rules" />
      <Figure
        label="Refused"
        value={summary && count(refused)}
        tone={refused > 0 ? "warn" : undefined}
        note={decisions === 0 ? "no decisions" : `${percent(refused / decisions)} of decisions`}
      />
      <Figure label="Would be refused" value={summary && count(wouldRefuse)} note="only reported" />
      <Figure label="Leases" value={amount("tidegate_limiter_leases")} note="keys in isolates" />
      <Figure label="Passed undecided" value={amount("tidegate_limiter_undecided")} note="since the start" />
      <Figure label="Shed" value={summary && count(summary.totals?.shed ?? 0n)} note="by overload" />
    </Figures>
  );
}

function NoRules() {
  return (
    <Empty title="No rule has decided anything in this time" command={EXAMPLE}>
      Rules of gateway.config.ts appear here with their first call. One of 50 calls a second for each address is:
    </Empty>
  );
}
