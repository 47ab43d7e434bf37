// The stored versions, and every change of what is live.
import {
  type Change,
  ChangeKindSchema,
  type GetStatusResponse,
  type Version,
} from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { enumText } from "../../data/enum-text.ts";
import { bytes, clock, epochMs } from "../../data/format.ts";
import { setParams } from "../../shell/location.ts";
import type { ChangeAction } from "./change-dialog.tsx";
import { shareText } from "./status.tsx";

interface VersionsProps {
  readonly versions: readonly Version[];
  readonly status: GetStatusResponse;
  readonly act: ((action: ChangeAction) => void) | undefined;
}

export function Versions({ versions, status, act }: VersionsProps) {
  const columns: readonly Column<Version>[] = [
    { id: "version", title: "Version", cell: ({ version }) => <Numbered version={version} status={status} /> },
    { id: "time", title: "Time", cell: ({ time }) => clock(epochMs(time)) },
    { id: "author", title: "By", cell: ({ author }) => author },
    { id: "reason", title: "Reason", cell: ({ reason }) => <span title={reason}>{reason}</span> },
    { id: "bytes", title: "Size", align: "end", cell: (version) => bytes(Number(version.bytes)) },
    { id: "digest", title: "Digest", cell: ({ digest }) => <code title={digest}>{digest.slice(0, 12)}</code> },
    {
      id: "actions",
      title: "",
      align: "stick",
      cell: (version) => <VersionActions version={version} versions={versions} status={status} act={act} />,
    },
  ];
  return (
    <section class="section" aria-labelledby="versions">
      <h2 id="versions">Versions</h2>
      <Table
        label="Versions"
        columns={columns}
        rows={versions}
        keyOf={({ version }) => String(version)}
        empty={
          <Empty title="Nothing has been published" command='npx tidegate publish --reason "first version"'>
            The gateway runs the configuration that it was deployed with. Publish it as the first version:
          </Empty>
        }
      />
    </section>
  );
}

function Numbered({ version, status: { live, canary } }: { readonly version: bigint; readonly status: GetStatusResponse }) {
  return (
    <>
      {String(version)} {live?.version === version && <Badge tone="good">live</Badge>}
      {canary?.version === version && <Badge tone="accent">canary</Badge>}
    </>
  );
}

interface VersionActionsProps extends VersionsProps {
  readonly version: Version;
}

function VersionActions({ version: { version }, versions, status: { live, canary }, act }: VersionActionsProps) {
  const before = versions.find((other) => other.version < version);
  return (
    <span class="buttons">
      {before !== undefined && (
        <button
          type="button"
          class="small"
          aria-label={`Compare version ${version} with the one before`}
          onClick={() => setParams({ from: String(before.version), to: String(version) })}
        >
          Compare
        </button>
      )}
      {act !== undefined && canary === undefined && live !== undefined && live.version !== version && (
        <button
          type="button"
          class="small"
          aria-label={`Roll back to version ${version}`}
          onClick={() => act({ kind: "rollback", version })}
        >
          Roll back
        </button>
      )}
    </span>
  );
}

const CHANGE_COLUMNS: readonly Column<Change>[] = [
  { id: "time", title: "Time", cell: ({ time }) => clock(epochMs(time)) },
  { id: "kind", title: "Change", cell: ({ kind }) => <Badge tone="quiet">{enumText(ChangeKindSchema, kind)}</Badge> },
  { id: "version", title: "Version", cell: ({ version }) => (version === 0n ? "bundled" : String(version)) },
  { id: "share", title: "Share", cell: ({ share }) => (share === undefined ? "–" : shareText(share)) },
  { id: "author", title: "By", cell: ({ author }) => author },
  { id: "reason", title: "Reason", cell: ({ reason }) => <span title={reason}>{reason}</span> },
];

export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <section class="section" aria-labelledby="changes">
      <h2 id="changes">Changes</h2>
      <Table
        label="Changes of the configuration"
        columns={CHANGE_COLUMNS}
        rows={changes}
        keyOf={({ sequence }) => String(sequence)}
        empty={<p class="quiet">Nothing has changed yet.</p>}
      />
    </section>
  );
}
