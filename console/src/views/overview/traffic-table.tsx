// Golden signals of each service, or of each route.
import { useMemo } from "preact/hooks";
import type { RouteTraffic } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Segments } from "../../components/segments.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count, duration, percent, rate } from "../../data/format.ts";
import { useParam } from "../../shell/location.ts";
import { byRoute, byService, type TrafficRow } from "./grouped.ts";

const GROUPS = [
  ["route", "Routes"],
  ["service", "Services"],
] as const;

const COLUMNS: readonly Column<TrafficRow>[] = [
  { id: "name", title: "Name", sort: ({ name }) => name, cell: ({ name }) => <span title={name}>{name}</span> },
  { id: "rate", title: "Calls/s", align: "end", sort: ({ rate }) => rate, cell: ({ rate: perSecond }) => rate(perSecond) },
  { id: "errors", title: "Errors", align: "end", sort: ({ errorRatio }) => errorRatio, cell: ErrorCell },
  { id: "p50", title: "p50", align: "end", sort: ({ p50 }) => p50, cell: ({ p50 }) => duration(p50) },
  { id: "p95", title: "p95", align: "end", sort: ({ p95 }) => p95, cell: ({ p95 }) => duration(p95) },
  { id: "p99", title: "p99", align: "end", sort: ({ p99 }) => p99, cell: ({ p99 }) => duration(p99) },
  {
    id: "upstream",
    title: "p95 of upstreams",
    align: "end",
    sort: ({ upstreamP95 }) => upstreamP95,
    cell: ({ upstreamP95 }) => duration(upstreamP95),
  },
  { id: "flight", title: "In flight", align: "end", sort: ({ inFlight }) => inFlight, cell: ({ inFlight }) => count(inFlight) },
  { id: "codes", title: "Codes", cell: ({ codes }) => codesText(codes) },
];

export function TrafficTable({ routes }: { readonly routes: readonly RouteTraffic[] | undefined }) {
  const [group, setGroup] = useParam("by", "route");
  const [filter, setFilter] = useParam("q");
  const rows = useMemo(() => {
    const all = group === "service" ? byService(routes ?? []) : byRoute(routes ?? []);
    const wanted = filter.toLowerCase();
    return wanted === "" ? all : all.filter(({ name }) => name.toLowerCase().includes(wanted));
  }, [routes, group, filter]);
  return (
    <section class="section" aria-labelledby="traffic">
      <header>
        <h2 id="traffic">Traffic</h2>
        <div class="buttons">
          <input
            class="filter"
            type="search"
            aria-label="Filter by name"
            placeholder="Filter by name"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
          <Segments label="Rows" options={GROUPS} value={group} choose={setGroup} />
        </div>
      </header>
      {routes === undefined ? (
        <Skeleton lines={5} />
      ) : (
        <Table
          label="Traffic"
          columns={COLUMNS}
          rows={rows}
          keyOf={({ name }) => name}
          sortedBy="-rate"
          empty={<p class="quiet">{filter === "" ? "No calls in this time." : `No name has “${filter}” in it.`}</p>}
        />
      )}
    </section>
  );
}

function ErrorCell({ errorRatio }: TrafficRow) {
  return errorRatio === 0 ? percent(0) : <Badge tone={errorRatio >= 0.01 ? "bad" : "warn"}>{percent(errorRatio)}</Badge>;
}

function codesText(codes: TrafficRow["codes"]): string {
  return [...codes]
    .toSorted(([, a], [, b]) => Number(b - a))
    .map(([code, number]) => `${code} ${count(number)}`)
    .join(" · ");
}
