// One upstream: its endpoints with health, load and breakers, its ring, and what has changed.
import { useState } from "preact/hooks";
import type { Upstream } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Empty } from "../../components/empty.tsx";
import { Figure, Figures } from "../../components/figure.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { count, duration, rate } from "../../data/format.ts";
import { usePolled } from "../../data/live.ts";
import { useSummary } from "../../data/summary.ts";
import { loadUpstream } from "../../data/upstreams.ts";
import { linkTo } from "../../shell/location.ts";
import { BreakerHistory, RegistryHistory } from "./changes.tsx";
import { DrainDialog, OverrideDialog } from "./dialogs.tsx";
import { EndpointTable, type WantedChange } from "./endpoint-table.tsx";
import { Ring } from "./ring.tsx";
import { type EndpointRow, endpointRows, rowOf } from "./rows.ts";

const EVERY_MS = 2_000;
const WINDOW_SECONDS = 60;

export function UpstreamDetail({ name }: { readonly name: string }) {
  const upstream = usePolled(`upstream/${name}`, EVERY_MS, async (signal) => ({ found: await loadUpstream(name, signal) }));
  const { value: summary } = useSummary(WINDOW_SECONDS);
  const found = upstream.value?.found;
  const isUnknown = upstream.problem?.code === "not_found" || (upstream.value !== undefined && found === undefined);
  const rows = found === undefined ? [] : endpointRows(found, summary?.endpoints ?? []);
  return (
    <>
      <div class="head">
        <div>
          <p class="crumb">
            <a href={linkTo("services")}>Services</a>
          </p>
          <h1>{name}</h1>
        </div>
        <div class="tools">
          <Freshness receivedAt={upstream.receivedAt} problem={upstream.problem} />
        </div>
      </div>
      {upstream.value === undefined && !isUnknown && <Skeleton lines={8} />}
      {isUnknown && <Empty title="There is no such upstream">The configuration has changed, or the link is wrong.</Empty>}
      {found !== undefined && <Found upstream={found} rows={rows} reload={upstream.reload} />}
    </>
  );
}

interface FoundProps {
  readonly upstream: Upstream;
  readonly rows: readonly EndpointRow[];
  reload(): void;
}

function Found({ upstream, rows, reload }: FoundProps) {
  const [action, setAction] = useState<WantedChange>();
  const close = (): void => {
    setAction(undefined);
    reload();
  };
  return (
    <>
      <Signals upstream={upstream} rows={rows} />
      <section class="section" aria-labelledby="endpoints">
        <h2 id="endpoints">Endpoints</h2>
        <EndpointTable rows={rows} act={setAction} />
      </section>
      <section class="card" aria-labelledby="ring">
        <h2 id="ring">Ring</h2>
        <Ring upstream={upstream} />
      </section>
      <div class="cards">
        <BreakerHistory upstream={upstream.name} />
        <RegistryHistory service={upstream.name} hasRegistered={upstream.endpoints.some(({ isRegistered }) => isRegistered)} />
      </div>
      {action?.kind === "drain" && <DrainDialog service={upstream.name} id={action.endpoint.id} close={close} />}
      {action?.kind === "override" && <OverrideDialog upstream={upstream.name} endpoint={action.endpoint} close={close} />}
    </>
  );
}

function Signals({ upstream, rows }: { readonly upstream: Upstream; readonly rows: readonly EndpointRow[] }) {
  const { available, endpoints, open, inFlight, waiting } = rowOf(upstream);
  const attempts = rows.reduce((sum, { traffic }) => sum + (traffic?.rate ?? 0), 0);
  const slowest = rows.reduce<EndpointRow | undefined>(
    (most, row) => ((row.traffic?.p95Ms ?? 0) > (most?.traffic?.p95Ms ?? 0) ? row : most),
    undefined,
  );
  return (
    <Figures label="State of the upstream">
      <Figure
        label="Available"
        value={`${count(available)} of ${count(endpoints)}`}
        tone={available === endpoints ? "good" : "warn"}
        note="endpoints"
      />
      <Figure label="Open breakers" value={count(open)} tone={open === 0 ? undefined : "bad"} />
      <Figure label="Attempts/s" value={rate(attempts)} note="in the last minute" />
      <Figure
        label="Slowest, p95"
        value={slowest?.traffic === undefined ? "–" : duration(slowest.traffic.p95Ms)}
        note={slowest?.endpoint.id ?? "no attempts"}
      />
      <Figure label="In flight" value={count(inFlight)} note={waiting === 0 ? "none waits" : `${count(waiting)} wait`} />
      <Figure label="Balancer" value={upstream.balancer.replaceAll("_", " ")} />
    </Figures>
  );
}
