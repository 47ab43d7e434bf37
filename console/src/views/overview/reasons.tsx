// Why the gateway responded itself, and what calls have cost.
import type { ReasonCount, Totals } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Figure, Figures } from "../../components/figure.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { count, number } from "../../data/format.ts";

const MOST = 8;

export function Reasons({ reasons }: { readonly reasons: readonly ReasonCount[] | undefined }) {
  const shown = (reasons ?? []).slice(0, MOST);
  const most = Math.max(1, ...shown.map((reason) => Number(reason.count)));
  return (
    <section class="card" aria-labelledby="reasons">
      <header>
        <h2 id="reasons">Responses of the gateway itself</h2>
        <span class="quiet">by reason</span>
      </header>
      {reasons === undefined && <Skeleton lines={3} />}
      {reasons?.length === 0 && <p class="quiet">None: upstreams and the cache have responded to every call.</p>}
      {shown.map((reason) => (
        <div class="bar" key={reason.reason}>
          <code class="name" title={reason.reason}>
            {reason.reason}
          </code>
          <span class="track">
            <span style={{ width: `${(100 * Number(reason.count)) / most}%` }} />
          </span>
          <span class="amount">{count(reason.count)}</span>
        </div>
      ))}
    </section>
  );
}

interface SumsProps {
  readonly totals: Totals | undefined;
  readonly windowSeconds: number | undefined;
}

/** What has been done beside the calls themselves. */
export function Sums({ totals, windowSeconds }: SumsProps) {
  const sum = (value: bigint | undefined): string | undefined => (value === undefined ? undefined : count(value));
  return (
    <section class="card" aria-labelledby="sums">
      <header>
        <h2 id="sums">Work beside the calls</h2>
        {windowSeconds !== undefined && <span class="quiet">in {number(windowSeconds)} s</span>}
      </header>
      <Figures label="Work beside the calls">
        <Figure label="Retries" value={sum(totals?.retries)} />
        <Figure label="Hedges" value={sum(totals?.hedges)} />
        <Figure label="Ejections" value={sum(totals?.ejections)} />
        <Figure label="Shed" value={sum(totals?.shed)} />
        <Figure label="Object requests" value={sum(totals?.objectRequests)} />
        <Figure label="KV reads" value={sum(totals?.kvReads)} />
        <Figure label="KV writes" value={sum(totals?.kvWrites)} />
      </Figures>
    </section>
  );
}
