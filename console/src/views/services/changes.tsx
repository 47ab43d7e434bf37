// What has changed at an upstream: its breakers, with author and reason, and its registered endpoints.
import {
  BreakerService,
  type Change,
  Override,
  OverrideSchema,
  StateSchema,
} from "../../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { type Change as RegistryChange, RegistryService } from "../../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { Badge, BreakerBadge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { call } from "../../data/connect.ts";
import { enumText } from "../../data/enum-text.ts";
import { clock, epochMs } from "../../data/format.ts";
import { usePolled } from "../../data/live.ts";

const EVERY_MS = 5_000;

const BREAKER_COLUMNS: readonly Column<Change>[] = [
  { id: "time", title: "Time", cell: ({ time }) => clock(epochMs(time)) },
  { id: "endpoint", title: "Endpoint", cell: ({ endpoint }) => <span title={endpoint}>{endpoint}</span> },
  { id: "state", title: "State", cell: ({ state }) => <BreakerBadge state={enumText(StateSchema, state)} /> },
  { id: "override", title: "Forced", cell: ({ override }) => (override > Override.NONE ? enumText(OverrideSchema, override) : "–") },
  { id: "author", title: "By", cell: ({ author }) => author },
  { id: "reason", title: "Reason", cell: ({ reason }) => <span title={reason}>{reason}</span> },
];

export function BreakerHistory({ upstream }: { readonly upstream: string }) {
  const { value, problem } = usePolled(`breaker changes/${upstream}`, EVERY_MS, (signal) =>
    call(BreakerService.method.listChanges, { upstream }, signal),
  );
  return (
    <section class="card" aria-labelledby="breaker-history">
      <h2 id="breaker-history">Changes of breakers</h2>
      {value === undefined && problem === undefined && <Skeleton lines={3} />}
      {value === undefined && problem !== undefined && (
        <Empty title="No history" command={problem.code === "unimplemented" ? 'breakers: { tokenBinding: "OPERATOR_TOKEN" },' : undefined}>
          {problem.code === "unimplemented"
            ? "The breakers of isolates are not shared. Turn the service on in gateway.config.ts:"
            : problem.message}
        </Empty>
      )}
      {value !== undefined && (
        <Table
          label="Changes of breakers"
          columns={BREAKER_COLUMNS}
          rows={value.changes}
          keyOf={keyOfChange}
          empty={<p class="quiet">No breaker of this upstream has changed yet.</p>}
        />
      )}
    </section>
  );
}

function keyOfChange({ time, endpoint, state, override }: Change): string {
  return `${epochMs(time)}/${endpoint}/${state}/${override}`;
}

const REGISTRY_COLUMNS: readonly Column<RegistryChange>[] = [
  { id: "time", title: "Time", cell: ({ time }) => clock(epochMs(time)) },
  { id: "id", title: "Endpoint", cell: ({ id }) => id },
  {
    id: "action",
    title: "What",
    cell: ({ action }) => <Badge tone={action === "unhealthy" || action === "expired" ? "bad" : "quiet"}>{action}</Badge>,
  },
];

interface RegistryHistoryProps {
  readonly service: string;
  readonly hasRegistered: boolean;
}

/** Nothing is shown for upstreams without registered endpoints. */
export function RegistryHistory({ service, hasRegistered }: RegistryHistoryProps) {
  return hasRegistered ? <RegistryChanges service={service} /> : null;
}

function RegistryChanges({ service }: { readonly service: string }) {
  const { value, problem } = usePolled(`registry/${service}`, EVERY_MS, (signal) =>
    call(RegistryService.method.listEndpoints, { service }, signal),
  );
  return (
    <section class="card" aria-labelledby="registry-history">
      <h2 id="registry-history">Changes of the registry</h2>
      {value === undefined && problem === undefined && <Skeleton lines={3} />}
      {value === undefined && problem !== undefined && <p class="quiet">{problem.message}</p>}
      {value !== undefined && (
        <Table
          label="Changes of the registry"
          columns={REGISTRY_COLUMNS}
          rows={value.changes}
          keyOf={({ version, id, action }) => `${version}/${id}/${action}`}
          empty={<p class="quiet">Nothing has changed yet.</p>}
        />
      )}
    </section>
  );
}
