// The layers of one call over its time, with the values that each has judged by.
import { useState } from "preact/hooks";
import type { Trace, TraceValue } from "../../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { duration } from "../../data/format.ts";
import { barsOf, outcomeText, type StepBar, valueText, wholeMs } from "./steps.ts";

export function Waterfall({ trace }: { readonly trace: Trace }) {
  return (
    <div>
      <div class="waterfall-head" aria-hidden="true">
        <span>Layer</span>
        <span>Outcome</span>
        <span class="scale">
          <span>0 ms</span>
          <span>{duration(wholeMs(trace))}</span>
        </span>
        <span class="end">Entered at</span>
        <span class="end">Own time</span>
      </div>
      <ol class="waterfall" aria-label="Layers in the order in which the call has entered them">
        {barsOf(trace).map((bar, at) => (
          <Step key={at} bar={bar} />
        ))}
      </ol>
    </div>
  );
}

function Step({ bar: { step, name, depth, leftPercent, widthPercent } }: { readonly bar: StepBar }) {
  const [isOpen, setOpen] = useState(false);
  const [outcome, tone] = outcomeText(step.outcome);
  const facts = step.values;
  return (
    <li class={`step depth-${depth} ${tone}`}>
      <button type="button" class="layer" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span class="name">{name}</span>
        <span class="outcome">
          <Badge tone={tone}>{step.reason === "" ? outcome : `${outcome}: ${step.reason}`}</Badge>
        </span>
        <span class="lane" aria-hidden="true">
          <span style={{ left: `${leftPercent}%`, width: `${widthPercent}%` }} />
        </span>
        <span class="at">
          <span class="hidden">at </span>
          {duration(step.startMs)}
        </span>
        <span class="self">
          <span class="hidden">own time </span>
          {duration(step.selfMs)}
        </span>
      </button>
      {!isOpen && facts.length > 0 && (
        <p class="judged">{facts.map(({ name: fact, value }) => `${fact} ${valueText(value)}`).join(" · ")}</p>
      )}
      {isOpen && <Judged values={facts} settings={step.settings} />}
    </li>
  );
}

function Judged({ values, settings }: { readonly values: readonly TraceValue[]; readonly settings: readonly TraceValue[] }) {
  const others = settings.filter(({ name }) => !values.some((value) => value.name === name));
  if (values.length + others.length === 0) return <p class="judged">This layer judges by no settings.</p>;
  return (
    <div class="judged-table">
      <table>
        <thead>
          <tr>
            <th scope="col">Value</th>
            <th scope="col" />
            <th scope="col">Set by</th>
          </tr>
        </thead>
        <tbody>
          {[...values, ...others].map((value, at) => (
            <tr key={at} class={at < values.length ? "" : "quiet"}>
              <th scope="row">{value.name}</th>
              <td>
                <code>{valueText(value.value)}</code>
              </td>
              <td class="quiet">{value.source === "" ? "this call" : value.source}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
