// The keys with most refusals.
import type { HotKey } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Shares, SharesLegend } from "../../components/shares.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count } from "../../data/format.ts";
import { useParam } from "../../shell/location.ts";

const LEGEND = [
  { name: "allowed", color: 1 },
  { name: "refused", color: 4 },
] as const;

const COLUMNS: readonly Column<HotKey>[] = [
  { id: "hash", title: "Hash of the key", cell: ({ hash }) => <code>{hash}</code> },
  { id: "rule", title: "Rule", sort: ({ rule }) => rule, cell: ({ rule }) => <code title={rule}>{rule}</code> },
  { id: "allowed", title: "Allowed", align: "end", sort: ({ allowed }) => Number(allowed), cell: ({ allowed }) => count(allowed) },
  { id: "refused", title: "Refused", align: "end", sort: ({ refused }) => Number(refused), cell: ({ refused }) => count(refused) },
  {
    id: "shares",
    title: "Share",
    cell: ({ hash, allowed, refused }) => (
      <Shares
        label={hash}
        shares={[
          { ...LEGEND[0], value: Number(allowed) },
          { ...LEGEND[1], value: Number(refused) },
        ]}
      />
    ),
  },
];

export function HotKeys({ keys }: { readonly keys: readonly HotKey[] | undefined }) {
  const [rule, setRule] = useParam("rule");
  const rows = keys?.filter((key) => rule === "" || key.rule === rule);
  return (
    <section class="section" aria-labelledby="hot-keys">
      <header>
        <h2 id="hot-keys">Hottest keys</h2>
        {rule === "" ? (
          <SharesLegend shares={LEGEND} />
        ) : (
          <button type="button" class="small" onClick={() => setRule("")}>
            Keys of all rules
          </button>
        )}
      </header>
      {rows === undefined ? (
        <Skeleton lines={4} />
      ) : (
        <Table
          label="Hottest keys"
          columns={COLUMNS}
          rows={rows}
          keyOf={({ rule: name, hash }) => `${name} ${hash}`}
          sortedBy="-refused"
          empty={<p class="quiet">{rule === "" ? "No key was refused in this time." : `No key of ${rule} was refused in this time.`}</p>}
        />
      )}
      <p class="quiet">
        The same key has the same hash everywhere. Which address or principal it is stays in the isolate; the access log has it.
      </p>
    </section>
  );
}
