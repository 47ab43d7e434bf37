// What isolates run, by region.
import type { GetStatusResponse, RunningVersion } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count } from "../../data/format.ts";

interface RunningRow extends Pick<RunningVersion, "digest" | "version" | "isolates" | "canaries"> {
  readonly region: string;
  readonly isLive: boolean;
}

const COLUMNS: readonly Column<RunningRow>[] = [
  { id: "region", title: "Region", sort: ({ region }) => region, cell: ({ region }) => region },
  { id: "version", title: "Version", sort: ({ version }) => Number(version), cell: VersionCell },
  { id: "digest", title: "Digest", cell: ({ digest }) => <code title={digest}>{digest.slice(0, 12)}</code> },
  { id: "isolates", title: "Live in", align: "end", sort: ({ isolates }) => Number(isolates), cell: ({ isolates }) => count(isolates) },
  { id: "canaries", title: "Canary in", align: "end", sort: ({ canaries }) => Number(canaries), cell: ({ canaries }) => count(canaries) },
];

export function RunningByRegion({ status: { regions, live } }: { readonly status: GetStatusResponse }) {
  const liveVersion = live?.version ?? 0n;
  const rows = regions.flatMap(({ region, running }) =>
    running.map((one) => ({ ...one, region: region === "" ? "unknown" : region, isLive: one.version === liveVersion })),
  );
  return (
    <section class="section" aria-labelledby="running">
      <h2 id="running">Running now</h2>
      <Table
        label="Running versions by region"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ region, digest }) => `${region}/${digest}`}
        empty={
          <Empty title="No isolate has reported lately">
            Isolates report what they run with their next exchange, a few seconds after a call.
          </Empty>
        }
      />
    </section>
  );
}

function VersionCell({ version, isLive, isolates }: RunningRow) {
  const name = version === 0n ? "bundled" : `version ${version}`;
  return isLive || isolates === 0n ? (
    name
  ) : (
    <>
      {name} <Badge tone="warn">not the live one</Badge>
    </>
  );
}
