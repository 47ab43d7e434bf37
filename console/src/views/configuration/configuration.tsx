// Configuration: which version runs where, what has changed, and how to change it.
import { useState } from "preact/hooks";
import { ControlService } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Empty } from "../../components/empty.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { call } from "../../data/connect.ts";
import { usePolled } from "../../data/live.ts";
import { useMay } from "../../data/session.ts";
import { useSummary } from "../../data/summary.ts";
import { type ChangeAction, ChangeDialog } from "./change-dialog.tsx";
import { VersionDiff } from "./diff.tsx";
import { Publish } from "./publish.tsx";
import { RunningByRegion } from "./running.tsx";
import { Status } from "./status.tsx";
import { Changes, Versions } from "./versions.tsx";

const EVERY_MS = 3_000;
const WINDOW_SECONDS = 60;

/** Status and versions are read together, so that they are of one moment. */
async function load(signal: AbortSignal) {
  const [status, listed] = await Promise.all([
    call(ControlService.method.getStatus, {}, signal),
    call(ControlService.method.listVersions, {}, signal),
  ]);
  return { status, versions: listed.versions, changes: listed.changes };
}

export function View() {
  const { value, receivedAt, problem, reload } = usePolled("configuration", EVERY_MS, load);
  const [action, setAction] = useState<ChangeAction>();
  const mayChange = useMay("operator");
  const isOff = value === undefined && (problem?.code === "unimplemented" || problem?.code === "not_found");
  const close = (): void => {
    setAction(undefined);
    reload();
  };
  return (
    <>
      <div class="head">
        <h1>Configuration</h1>
        <div class="tools">{!isOff && <Freshness receivedAt={receivedAt} problem={problem} />}</div>
      </div>
      {isOff && <Bundled />}
      {value === undefined && !isOff && <Skeleton lines={8} />}
      {value !== undefined && (
        <>
          <Status status={value.status} act={mayChange ? setAction : undefined} />
          <RunningByRegion status={value.status} />
          <Versions versions={value.versions} status={value.status} act={mayChange ? setAction : undefined} />
          <VersionDiff versions={value.versions} />
          {mayChange && <Publish status={value.status} published={reload} />}
          <Changes changes={value.changes} />
        </>
      )}
      {action !== undefined && value !== undefined && <ChangeDialog action={action} status={value.status} close={close} />}
    </>
  );
}

/** A gateway without the control plane runs what was deployed with it. */
function Bundled() {
  const { value: summary } = useSummary(WINDOW_SECONDS);
  const digests = summary?.configurations ?? [];
  return (
    <>
      {digests.map(({ digest, isolates }) => (
        <p key={digest}>
          The bundled configuration <code>{digest.slice(0, 12)}</code> runs in {isolates} {isolates === 1 ? "isolate" : "isolates"}.
        </p>
      ))}
      <Empty title="The control plane is off" command={'control: {},\n\nnpx tidegate publish --reason "first version"'}>
        Each deployment brings its configuration. To publish, compare, canary and roll back versions while the gateway runs, turn it on in
        gateway.config.ts, and publish the first version:
      </Empty>
    </>
  );
}
