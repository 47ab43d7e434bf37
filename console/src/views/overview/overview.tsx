// Overview: how the gateway does now. Five answers first, then the golden signals, of all calls and of each service and route.
import { Empty } from "../../components/empty.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Segments } from "../../components/segments.tsx";
import { useSummary } from "../../data/summary.ts";
import { useParam } from "../../shell/location.ts";
import { Answers } from "./answers.tsx";
import { Charts } from "./charts.tsx";
import { Reasons, Sums } from "./reasons.tsx";
import { Signals } from "./signals.tsx";
import { TrafficTable } from "./traffic-table.tsx";

const WINDOWS = [
  ["10", "10 s"],
  ["60", "1 min"],
  ["300", "5 min"],
] as const;

export function View() {
  const [chosen, choose] = useParam("window", "60");
  const windowSeconds = WINDOWS.some(([value]) => value === chosen) ? Number(chosen) : 60;
  const { value: summary, receivedAt, problem, history } = useSummary(windowSeconds);
  const isQuiet = summary !== undefined && (summary.total?.rate ?? 0) === 0 && summary.routes.length === 0;
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        <div class="tools">
          <Freshness receivedAt={receivedAt} problem={problem} />
          <Segments label="Time that the figures are of" options={WINDOWS} value={String(windowSeconds)} choose={choose} />
        </div>
      </div>
      <Answers summary={summary} />
      <Signals summary={summary} />
      {isQuiet && (
        <Empty title="No calls in this time" command={`curl ${globalThis.location.origin}/healthz\nnpx tidegate call --help`}>
          Figures appear here at most ten seconds after a call. Make one:
        </Empty>
      )}
      <Charts history={history} />
      <TrafficTable routes={summary?.routes} />
      <div class="cards">
        <Reasons reasons={summary?.reasons} />
        <Sums totals={summary?.totals} windowSeconds={summary?.windowSeconds} />
      </div>
    </>
  );
}
