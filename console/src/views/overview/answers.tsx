// The five questions of an operator, each with its answer and the view that has more.
import type { Summary } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Figure, Figures } from "../../components/figure.tsx";
import { count, duration, number, percent } from "../../data/format.ts";
import { linkTo } from "../../shell/location.ts";

const SLOW_MS = 1_000;

export function Answers({ summary }: { readonly summary: Summary | undefined }) {
  return (
    <Figures label="Answers">
      <Slowest summary={summary} />
      <MostLimited summary={summary} />
      <CacheHits summary={summary} />
      <Breakers summary={summary} />
      <Running summary={summary} />
    </Figures>
  );
}

/** An endpoint without its scheme, so that the host is in view. */
function shortName(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//, "");
}

interface Props {
  readonly summary: Summary | undefined;
}

function Slowest({ summary }: Props) {
  const slowest = summary?.endpoints[0];
  const href = slowest === undefined ? undefined : linkTo("services", { upstream: slowest.upstream });
  const value = summary && (slowest === undefined ? "–" : duration(slowest.p95Ms));
  const tone = slowest !== undefined && slowest.p95Ms >= SLOW_MS ? "warn" : undefined;
  return (
    <Figure
      label="Slowest endpoint"
      value={value}
      tone={tone}
      href={href}
      note={slowest === undefined ? "no attempts" : `p95 of ${shortName(slowest.endpoint)}`}
    />
  );
}

function MostLimited({ summary }: Props) {
  const limit = summary?.limits.find(({ refused }) => refused > 0n);
  const value = summary && (limit === undefined ? "0" : count(limit.refused));
  return (
    <Figure
      label="Refused by limits"
      value={value}
      tone={limit && "warn"}
      href={linkTo("limits")}
      note={limit?.rule ?? "no call was refused"}
    />
  );
}

function CacheHits({ summary }: Props) {
  const caches = summary?.caches ?? [];
  const hits = caches.reduce((sum, { l1Hits, l2Hits, staleHits }) => sum + Number(l1Hits + l2Hits + staleHits), 0);
  const all = caches.reduce((sum, { misses }) => sum + Number(misses), hits);
  return (
    <Figure
      label="Cache hits"
      href={linkTo("cache")}
      value={summary && (all === 0 ? "–" : percent(hits / all))}
      note={all === 0 ? "no cached routes" : `of ${number(all)} calls`}
    />
  );
}

function Breakers({ summary }: Props) {
  const open = summary?.breakers.filter(({ openIsolates, sharedState }) => openIsolates > 0 || sharedState === "open") ?? [];
  const first = open[0];
  const href = first && linkTo("services", { upstream: first.upstream });
  const note = first === undefined ? "all endpoints get calls" : shortName(first.endpoint);
  return <Figure label="Open breakers" value={summary && String(open.length)} tone={first && "bad"} href={href} note={note} />;
}

function Running({ summary }: Props) {
  const running = summary?.configurations ?? [];
  const [most] = running.toSorted((a, b) => b.isolates - a.isolates);
  const name = most === undefined ? "–" : most.version === 0n ? "bundled" : `version ${most.version}`;
  const isolates = running.reduce((sum, configuration) => sum + configuration.isolates, 0);
  const note =
    running.length > 1
      ? `${running.length} run in ${count(isolates)} isolates`
      : `in ${count(isolates)} ${isolates === 1 ? "isolate" : "isolates"}`;
  return (
    <Figure
      label="Configuration"
      value={summary && name}
      tone={running.length > 1 ? "warn" : undefined}
      href={linkTo("configuration")}
      note={note}
    />
  );
}
