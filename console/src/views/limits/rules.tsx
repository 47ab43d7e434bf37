// The rules that have decided, those with most refusals first.
import type { LimitTraffic } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Shares } from "../../components/shares.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count, percent } from "../../data/format.ts";
import { useParam } from "../../shell/location.ts";

const COLUMNS: readonly Column<LimitTraffic>[] = [
  { id: "rule", title: "Rule", sort: ({ rule }) => rule, cell: ({ rule }) => <code title={rule}>{rule}</code> },
  { id: "allowed", title: "Allowed", align: "end", sort: ({ allowed }) => Number(allowed), cell: ({ allowed }) => count(allowed) },
  { id: "refused", title: "Refused", align: "end", sort: ({ refused }) => Number(refused), cell: ({ refused }) => count(refused) },
  {
    id: "would",
    title: "Would refuse",
    align: "end",
    sort: ({ wouldRefuse }) => Number(wouldRefuse),
    cell: ({ wouldRefuse }) => count(wouldRefuse),
  },
  { id: "ratio", title: "Refusal ratio", align: "end", sort: refusedRatio, cell: RatioCell },
  { id: "shares", title: "Share", cell: SharesCell },
];

export function Rules({ rules }: { readonly rules: readonly LimitTraffic[] }) {
  const [rule, setRule] = useParam("rule");
  return (
    <section class="section" aria-labelledby="rules">
      <header>
        <h2 id="rules">Rules</h2>
        <p class="quiet">A rule opens its hottest keys.</p>
      </header>
      <Table
        label="Rules"
        columns={COLUMNS}
        rows={rules}
        keyOf={(row) => row.rule}
        sortedBy="-refused"
        open={(row) => setRule(row.rule === rule ? "" : row.rule)}
        openKey={rule}
      />
    </section>
  );
}

function refusedRatio({ allowed, refused }: LimitTraffic): number {
  const all = Number(allowed + refused);
  return all === 0 ? 0 : Number(refused) / all;
}

function RatioCell(row: LimitTraffic) {
  const ratio = refusedRatio(row);
  return ratio === 0 ? percent(0) : <Badge tone={ratio >= 0.1 ? "bad" : "warn"}>{percent(ratio)}</Badge>;
}

function SharesCell({ rule, allowed, refused, wouldRefuse }: LimitTraffic) {
  const passed = allowed > wouldRefuse ? allowed - wouldRefuse : 0n; // what would be refused was allowed
  return (
    <Shares
      label={rule}
      shares={[
        { name: "allowed", value: Number(passed), color: 1 },
        { name: "would be refused", value: Number(wouldRefuse), color: 2 },
        { name: "refused", value: Number(refused), color: 4 },
      ]}
    />
  );
}
