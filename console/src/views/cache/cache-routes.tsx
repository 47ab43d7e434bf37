// Each route with a cache: how often it was hit, and at which level.
import type { CacheTraffic } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Shares } from "../../components/shares.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count, percent } from "../../data/format.ts";
import { hitRatio, lookups, sharesOf } from "./cache-levels.ts";

const COLUMNS: readonly Column<CacheTraffic>[] = [
  { id: "route", title: "Route", sort: ({ route }) => route, cell: ({ route }) => <span title={route}>{route}</span> },
  { id: "calls", title: "Calls", align: "end", sort: lookups, cell: (row) => count(lookups(row)) },
  { id: "ratio", title: "Hit ratio", align: "end", sort: hitRatio, cell: (row) => percent(hitRatio(row)) },
  { id: "shares", title: "Levels", cell: (row) => <Shares label={row.route} shares={sharesOf(row)} /> },
  { id: "l1", title: "L1", align: "end", sort: ({ l1Hits }) => Number(l1Hits), cell: ({ l1Hits }) => count(l1Hits) },
  { id: "l2", title: "L2", align: "end", sort: ({ l2Hits }) => Number(l2Hits), cell: ({ l2Hits }) => count(l2Hits) },
  { id: "stale", title: "Stale", align: "end", sort: ({ staleHits }) => Number(staleHits), cell: ({ staleHits }) => count(staleHits) },
  { id: "miss", title: "Misses", align: "end", sort: ({ misses }) => Number(misses), cell: ({ misses }) => count(misses) },
];

export function CacheRoutes({ caches }: { readonly caches: readonly CacheTraffic[] }) {
  return (
    <section class="section" aria-labelledby="cache-routes">
      <header>
        <h2 id="cache-routes">Routes</h2>
      </header>
      <Table label="Routes with a cache" columns={COLUMNS} rows={caches} keyOf={({ route }) => route} sortedBy="-calls" />
    </section>
  );
}
