// The endpoints of an upstream. Operators drain them, and force their breakers.
import type { UpstreamEndpoint } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Badge, BreakerBadge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count, duration, number, percent, rate } from "../../data/format.ts";
import { useMay } from "../../data/session.ts";
import type { EndpointRow } from "./rows.ts";

export interface WantedChange {
  readonly kind: "drain" | "override";
  readonly endpoint: UpstreamEndpoint;
}

interface EndpointTableProps {
  readonly rows: readonly EndpointRow[];
  act(action: WantedChange): void;
}

const COLUMNS: readonly Column<EndpointRow>[] = [
  {
    id: "id",
    title: "Endpoint",
    sort: ({ endpoint }) => endpoint.id,
    cell: ({ endpoint }) => <span title={endpoint.id}>{endpoint.id}</span>,
  },
  { id: "health", title: "Health", sort: ({ endpoint }) => Number(endpoint.isHealthy), cell: Health },
  {
    id: "local",
    title: "Breaker here",
    sort: ({ endpoint }) => endpoint.localState,
    cell: ({ endpoint }) => <BreakerBadge state={endpoint.localState} />,
  },
  { id: "shared", title: "Shared", sort: ({ endpoint }) => endpoint.sharedState, cell: Shared },
  {
    id: "rate",
    title: "Attempts/s",
    align: "end",
    sort: ({ traffic }) => traffic?.rate ?? 0,
    cell: ({ traffic }) => rate(traffic?.rate ?? 0),
  },
  {
    id: "errors",
    title: "Errors",
    align: "end",
    sort: ({ traffic }) => traffic?.errorRatio ?? 0,
    cell: ({ traffic }) => (traffic === undefined ? "–" : percent(traffic.errorRatio)),
  },
  {
    id: "p95",
    title: "p95",
    align: "end",
    sort: ({ traffic }) => traffic?.p95Ms ?? 0,
    cell: ({ traffic }) => (traffic === undefined ? "–" : duration(traffic.p95Ms)),
  },
  {
    id: "latency",
    title: "Average",
    align: "end",
    sort: ({ endpoint }) => endpoint.latencyMs,
    cell: ({ endpoint }) => (endpoint.latencyMs === 0 ? "–" : duration(endpoint.latencyMs)),
  },
  {
    id: "flight",
    title: "In flight",
    align: "end",
    sort: ({ endpoint }) => endpoint.inFlight,
    cell: ({ endpoint }) => count(endpoint.inFlight),
  },
  { id: "weight", title: "Weight", align: "end", sort: ({ endpoint }) => endpoint.weight, cell: ({ endpoint }) => number(endpoint.weight) },
  {
    id: "ring",
    title: "Ring",
    align: "end",
    sort: ({ endpoint }) => endpoint.ringShare,
    cell: ({ endpoint }) => (endpoint.ringShare === 0 ? "–" : percent(endpoint.ringShare)),
  },
  { id: "priority", title: "Priority", align: "end", sort: ({ endpoint }) => endpoint.priority, cell: ({ endpoint }) => endpoint.priority },
  { id: "zone", title: "Zone", sort: ({ endpoint }) => endpoint.zone, cell: ({ endpoint }) => endpoint.zone || "–" },
];

export function EndpointTable({ rows, act }: EndpointTableProps) {
  const mayChange = useMay("operator");
  const actions: Column<EndpointRow> = {
    id: "actions",
    title: "",
    align: "stick",
    cell: ({ endpoint }) => <Actions endpoint={endpoint} act={act} />,
  };
  return (
    <Table
      label="Endpoints"
      columns={mayChange ? [...COLUMNS, actions] : COLUMNS}
      rows={rows}
      keyOf={({ endpoint }) => endpoint.id}
      empty={
        <Empty title="No endpoints" command="npm run register -- --help">
          This upstream takes its endpoints from the registry, and none has registered. A host registers itself, or by command:
        </Empty>
      }
    />
  );
}

function Health({ endpoint: { isDraining, isHealthy } }: EndpointRow) {
  if (isDraining) return <Badge tone="warn">draining</Badge>;
  return isHealthy ? <Badge tone="good">healthy</Badge> : <Badge tone="bad">unhealthy</Badge>;
}

function Shared({ endpoint: { sharedState, override } }: EndpointRow) {
  return (
    <>
      <BreakerBadge state={sharedState} />
      {(override === "open" || override === "closed") && (
        <>
          {" "}
          <Badge tone="accent">forced {override}</Badge>
        </>
      )}
    </>
  );
}

function Actions({ endpoint, act }: { readonly endpoint: UpstreamEndpoint; act(action: WantedChange): void }) {
  return (
    <span class="buttons">
      <button
        type="button"
        class="small"
        aria-label={`Force the breaker of ${endpoint.id}`}
        onClick={() => act({ kind: "override", endpoint })}
      >
        Force
      </button>
      {endpoint.isRegistered && !endpoint.isDraining && (
        <button type="button" class="small" aria-label={`Drain ${endpoint.id}`} onClick={() => act({ kind: "drain", endpoint })}>
          Drain
        </button>
      )}
    </span>
  );
}
