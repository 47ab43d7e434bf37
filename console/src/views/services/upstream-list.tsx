// All upstreams with their state in one line each.
import { useMemo } from "preact/hooks";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count } from "../../data/format.ts";
import { usePolled } from "../../data/live.ts";
import { loadUpstreams } from "../../data/upstreams.ts";
import { useParam } from "../../shell/location.ts";
import { rowOf, type UpstreamRow } from "./rows.ts";

const EVERY_MS = 5_000;

const COLUMNS: readonly Column<UpstreamRow>[] = [
  { id: "name", title: "Upstream", sort: ({ name }) => name, cell: ({ name }) => <span title={name}>{name}</span> },
  { id: "balancer", title: "Balancer", sort: ({ balancer }) => balancer, cell: ({ balancer }) => balancer.replaceAll("_", " ") },
  {
    id: "available",
    title: "Available",
    align: "end",
    sort: ({ available, endpoints }) => available / Math.max(1, endpoints),
    cell: Available,
  },
  {
    id: "open",
    title: "Open breakers",
    align: "end",
    sort: ({ open }) => open,
    cell: ({ open }) => (open === 0 ? "0" : <Badge tone="bad">{open}</Badge>),
  },
  { id: "flight", title: "In flight", align: "end", sort: ({ inFlight }) => inFlight, cell: ({ inFlight }) => count(inFlight) },
  { id: "waiting", title: "Waiting", align: "end", sort: ({ waiting }) => waiting, cell: ({ waiting }) => count(waiting) },
];

export function UpstreamList({ open }: { open(name: string): void }) {
  const { value, receivedAt, problem } = usePolled("upstreams", EVERY_MS, loadUpstreams);
  const [filter, setFilter] = useParam("q");
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase();
    return (value ?? []).map(rowOf).filter(({ name }) => name.toLowerCase().includes(wanted));
  }, [value, filter]);
  const endpoints = useMemo(() => (value ?? []).reduce((sum, upstream) => sum + upstream.endpoints.length, 0), [value]);
  return (
    <>
      <div class="head">
        <h1>Services</h1>
        <div class="tools">
          <Freshness receivedAt={receivedAt} problem={problem} />
        </div>
      </div>
      <section class="section" aria-labelledby="upstreams">
        <header>
          <h2 id="upstreams">
            Upstreams{" "}
            {value !== undefined && (
              <span class="quiet">
                {count(value.length)} with {count(endpoints)} endpoints
              </span>
            )}
          </h2>
          <input
            class="filter"
            type="search"
            aria-label="Filter by name"
            placeholder="Filter by name"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </header>
        {value === undefined ? (
          <Skeleton lines={6} />
        ) : (
          <Table
            label="Upstreams"
            columns={COLUMNS}
            rows={rows}
            keyOf={({ name }) => name}
            open={({ name }) => open(name)}
            empty={<NoUpstreams filter={filter} />}
          />
        )}
        <p class="quiet">As the isolate that serves this page sees them.</p>
      </section>
    </>
  );
}

function Available({ available, endpoints }: UpstreamRow) {
  const tone = available === endpoints ? "good" : available === 0 ? "bad" : "warn";
  return (
    <Badge tone={tone}>
      {count(available)} of {count(endpoints)}
    </Badge>
  );
}

function NoUpstreams({ filter }: { readonly filter: string }) {
  if (filter !== "") return <p class="quiet">No upstream has “{filter}” in its name.</p>;
  return (
    <Empty title="No upstreams" command="npx tidegate new service NAME">
      The configuration names no service with an upstream yet. Add one:
    </Empty>
  );
}
