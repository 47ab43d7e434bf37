// Two versions compared, setting by setting.
import type { Difference } from "../../../../core/control/configuration-diff.ts";
import { ControlService, type Version } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Skeleton } from "../../components/skeleton.tsx";
import { call } from "../../data/connect.ts";
import { usePolled } from "../../data/live.ts";
import { useParam } from "../../shell/location.ts";
import { differences, valueText } from "./snapshots.ts";

const NEVER_MS = 86_400_000; // versions do not change

export function VersionDiff({ versions }: { readonly versions: readonly Version[] }) {
  const [to, setTo] = useParam("to", String(versions[0]?.version ?? ""));
  const [from, setFrom] = useParam("from", String(versions[1]?.version ?? ""));
  if (versions.length < 2) return null;
  return (
    <section class="section" aria-labelledby="diff">
      <header>
        <h2 id="diff">What differs</h2>
        <div class="buttons">
          <Choice label="From" versions={versions} value={from} choose={setFrom} />
          <Choice label="To" versions={versions} value={to} choose={setTo} />
        </div>
      </header>
      <Compared from={from} to={to} />
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly versions: readonly Version[];
  readonly value: string;
  choose(value: string): void;
}

function Choice({ label, versions, value, choose }: ChoiceProps) {
  return (
    <label class="inline">
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {versions.map(({ version }) => (
          <option key={String(version)} value={String(version)}>
            version {String(version)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Compared({ from, to }: { readonly from: string; readonly to: string }) {
  const { value, problem } = usePolled(`diff/${from}/${to}`, NEVER_MS, async (signal) => {
    const texts = await Promise.all([from, to].map((version) => textOf(version, signal)));
    return differences(texts[0]!, texts[1]!);
  });
  if (value === undefined) return problem === undefined ? <Skeleton lines={3} /> : <p class="quiet">{problem.message}</p>;
  return <DifferenceList found={value} />;
}

async function textOf(version: string, signal: AbortSignal): Promise<string> {
  const { snapshot } = await call(ControlService.method.getVersion, { version: BigInt(/^\d{1,18}$/.test(version) ? version : 0) }, signal);
  return snapshot?.text ?? "";
}

const MOST_SHOWN = 100;

/** Differences as lines; the sign says what has happened, the color says it again. */
export function DifferenceList({ found }: { readonly found: readonly Difference[] }) {
  if (found.length === 0) return <p class="quiet">Nothing differs.</p>;
  return (
    <ul class="differences">
      {found.slice(0, MOST_SHOWN).map(({ path, before, after }) => (
        <li key={path}>
          <code class="path">{path}</code>
          {before !== undefined && (
            <code class="removed">
              <span class="hidden">before: </span>− {valueText(before)}
            </code>
          )}
          {after !== undefined && (
            <code class="added">
              <span class="hidden">after: </span>+ {valueText(after)}
            </code>
          )}
        </li>
      ))}
      {found.length > MOST_SHOWN && <li class="quiet">and {found.length - MOST_SHOWN} more</li>}
    </ul>
  );
}
