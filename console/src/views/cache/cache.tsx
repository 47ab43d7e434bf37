// Cache: what it serves, by level and route, what it holds, and purges.
import type { Summary } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Empty } from "../../components/empty.tsx";
import { Figure, Figures } from "../../components/figure.tsx";
import { Freshness } from "../../components/freshness.tsx";
import { Shares, SharesLegend } from "../../components/shares.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { useWindow } from "../../components/window-choice.tsx";
import { bytes, count, number, percent } from "../../data/format.ts";
import { metricValue } from "../../data/metric-value.ts";
import { useMetrics } from "../../data/metrics.ts";
import { useSummary } from "../../data/summary.ts";
import { hitRatio, LEVELS, lookups, sharesOf, togetherOf } from "./cache-levels.ts";
import { CacheRoutes } from "./cache-routes.tsx";
import { Purges } from "./purges.tsx";

const EXAMPLE = `methods: {
  GetUser: { cache: { ttlMs: 60_000, tags: ["user:{id}"] } },
},`;

export function View() {
  const { seconds, choice } = useWindow();
  const { value: summary, receivedAt, problem } = useSummary(seconds);
  return (
    <>
      <div class="head">
        <h1>Cache</h1>
        <div class="tools">
          <Freshness receivedAt={receivedAt} problem={problem} />
          {choice}
        </div>
      </div>
      <CacheFigures summary={summary} />
      {summary === undefined ? (
        <Skeleton lines={6} />
      ) : summary.caches.length === 0 ? (
        <Empty title="No route with a cache had calls in this time" command={EXAMPLE}>
          A cache is a setting of a method or a route in gateway.config.ts. Of a method without side effects:
        </Empty>
      ) : (
        <CacheRoutes caches={summary.caches} />
      )}
      <Purges routes={summary?.caches.map(({ route }) => route) ?? []} />
    </>
  );
}

function CacheFigures({ summary }: { readonly summary: Summary | undefined }) {
  const { value: metrics } = useMetrics();
  const all = togetherOf(summary?.caches ?? []);
  const calls = lookups(all);
  const stored = metricValue(metrics, "tidegate_cache_bytes");
  const entries = metricValue(metrics, "tidegate_cache_entries");
  const part = (value: bigint): string | undefined => summary && (calls === 0 ? "–" : percent(Number(value) / calls));
  return (
    <>
      <Figures label="Cache">
        <Figure label="Hit ratio" value={summary && (calls === 0 ? "–" : percent(hitRatio(all)))} note={`of ${number(calls)} calls`} />
        <Figure label="From the isolate" value={part(all.l1Hits)} note="L1" />
        <Figure label="Shared" value={part(all.l2Hits)} note="L2" />
        <Figure label="Stale" value={part(all.staleHits)} note="refreshed later" />
        <Figure label="Misses" value={part(all.misses)} note="from upstreams" />
        <Figure
          label="Memory"
          value={stored === undefined ? undefined : bytes(stored)}
          note={entries === undefined ? undefined : `${count(Math.round(entries))} responses`}
        />
      </Figures>
      {calls > 0 && (
        <div class="share-whole">
          <Shares label="All routes" shares={sharesOf(all)} />
          <SharesLegend shares={LEVELS} />
        </div>
      )}
    </>
  );
}
