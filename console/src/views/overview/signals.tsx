// The golden signals of all calls, and the error budget.
import type { Summary } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Figure, Figures } from "../../components/figure.tsx";
import { bytes, count, duration, number, percent, rate } from "../../data/format.ts";
import { useParam } from "../../shell/location.ts";
import { burnOf } from "./budget.ts";

const OBJECTIVES = ["0.99", "0.995", "0.999", "0.9995", "0.9999"] as const;

export function Signals({ summary }: { readonly summary: Summary | undefined }) {
  const [chosen, choose] = useParam("objective", "0.999");
  const objective = OBJECTIVES.find((option) => option === chosen) ?? "0.999";
  const total = summary?.total;
  const hasCalls = (total?.rate ?? 0) > 0;
  const burn = burnOf(total?.errorRatio ?? 0, Number(objective));
  const time = (ms: number | undefined): string | undefined => summary && (hasCalls ? duration(ms ?? 0) : "–");
  return (
    <section class="section" aria-labelledby="signals">
      <header>
        <h2 id="signals">Golden signals</h2>
        <label class="inline">
          <span>Objective</span>
          <select value={objective} onChange={(event) => choose(event.currentTarget.value)}>
            {OBJECTIVES.map((option) => (
              <option key={option} value={option}>
                {Number((Number(option) * 100).toFixed(2))} %
              </option>
            ))}
          </select>
        </label>
      </header>
      <Figures label="Golden signals">
        <Figure
          label="Calls per second"
          value={summary && rate(total?.rate ?? 0)}
          note={`${number(total?.inFlight === undefined ? 0 : Number(total.inFlight))} in flight`}
        />
        <Figure
          label="Errors"
          value={summary && percent(total?.errorRatio ?? 0)}
          tone={summary && burn.tone}
          note={codesText(total?.codes)}
        />
        <Figure label="p50" value={time(total?.p50Ms)} note="until the end" />
        <Figure label="p95" value={time(total?.p95Ms)} note={hasCalls ? `${duration(total!.upstreamP95Ms)} upstream` : undefined} />
        <Figure label="p99" value={time(total?.p99Ms)} note="of all calls" />
        <Figure
          label="Error budget"
          value={summary && `${number(burn.rate)}×`}
          tone={summary && burn.tone}
          note={budgetText(burn.hoursLeft)}
        />
        <Figure label="Received" value={summary && `${bytes(total?.requestBytesRate ?? 0)}/s`} note="bodies of requests" />
        <Figure label="Sent" value={summary && `${bytes(total?.responseBytesRate ?? 0)}/s`} note="bodies of responses" />
      </Figures>
    </section>
  );
}

/** The most frequent code of calls that did not succeed. */
function codesText(codes: readonly { readonly code: string; readonly count: bigint }[] | undefined): string {
  const [most] = (codes ?? []).filter(({ code }) => code !== "ok").toSorted((a, b) => Number(b.count - a.count));
  return most === undefined ? "all calls succeed" : `${count(most.count)} × ${most.code}`;
}

function budgetText(hoursLeft: number): string {
  if (hoursLeft === Number.POSITIVE_INFINITY) return "nothing is spent";
  return hoursLeft >= 48 ? `lasts ${number(hoursLeft / 24)} days` : `lasts ${number(hoursLeft)} hours`;
}
