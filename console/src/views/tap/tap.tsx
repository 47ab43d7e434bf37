// Live tap: calls as isolates handle them. Nothing of bodies, credentials, addresses and query strings comes here.
import { useState } from "preact/hooks";
import type { TapEvent } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { type Column, Table } from "../../components/table.tsx";
import type { CallError } from "../../data/call-error.ts";
import { count, duration, epochMs } from "../../data/format.ts";
import { linkTo } from "../../shell/location.ts";
import { useTap } from "./tap-events.ts";
import { TapFilters, useTapFilter } from "./tap-filters.tsx";
import { MOST_EVENTS } from "./tap-list.ts";

const COLUMNS: readonly Column<TapEvent>[] = [
  { id: "time", title: "Time", cell: TimeCell },
  { id: "status", title: "Status", cell: StatusCell },
  { id: "call", title: "Call", cell: CallCell },
  { id: "duration", title: "Duration", align: "end", cell: ({ durationMs }) => duration(durationMs) },
  {
    id: "upstream",
    title: "At upstreams",
    align: "end",
    cell: ({ upstreamMs, attempts }) => (attempts === 0 ? "–" : duration(upstreamMs)),
  },
  { id: "attempts", title: "Attempts", align: "end", cell: ({ attempts }) => count(attempts) },
  { id: "cache", title: "Cache", cell: ({ cache }) => cache },
  { id: "endpoint", title: "Endpoint", cell: ({ upstream, endpoint }) => <span title={`${upstream} ${endpoint}`}>{endpoint}</span> },
  { id: "region", title: "Region", cell: ({ region }) => region },
  { id: "protocol", title: "Protocol", cell: ({ protocol }) => protocol },
];

export function View() {
  const filter = useTapFilter();
  const [isPaused, setPaused] = useState(false);
  const { events, received, skipped, problem, clear } = useTap(filter, isPaused);
  return (
    <>
      <div class="head">
        <h1>Live tap</h1>
        <div class="tools">
          <Listening isPaused={isPaused} problem={problem} />
          <span class="quiet">
            {count(received)} calls{skipped > 0 && `, ${count(skipped)} left out`}
          </span>
          <button type="button" disabled={events.length === 0} onClick={clear}>
            Clear
          </button>
          <button type="button" class={isPaused ? "primary" : ""} aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
            {isPaused ? "Go on" : "Pause"}
          </button>
        </div>
      </div>
      <TapFilters filter={filter} />
      {events.length === 0 ? (
        <Empty title={isPaused ? "Paused" : "No call yet"} command={`curl ${globalThis.location.origin}/api/v1/users`}>
          Calls appear within seconds: each isolate learns of the filter in the background, and forgets it after ten minutes. Make one:
        </Empty>
      ) : (
        <Table label="Calls" columns={COLUMNS} rows={events} keyOf={keyOf} />
      )}
      <p class="quiet">
        The last {MOST_EVENTS} calls of this tab. Paths are without their query; bodies, credentials and addresses stay in the isolate.
      </p>
    </>
  );
}

function Listening({ isPaused, problem }: { readonly isPaused: boolean; readonly problem: CallError | undefined }) {
  if (isPaused) return <p class="freshness">paused</p>;
  if (problem === undefined) return <p class="freshness live">listening</p>;
  return (
    <p class="freshness stale" role="status">
      no data<span class="why">: {problem.message}</span>
    </p>
  );
}

/** The time of a call is the link to its path. */
function TimeCell({ time, requestId }: TapEvent) {
  return (
    <a href={linkTo("trace", { request: requestId })} title={`Path of request ${requestId}`}>
      <time>{timeText(epochMs(time))}</time>
    </a>
  );
}

function StatusCell({ status, code, reason }: TapEvent) {
  const tone = status >= 500 ? "bad" : status >= 400 || (code !== "" && code !== "ok") ? "warn" : "good";
  const text = reason !== "" ? reason : code === "ok" || code === "" ? "" : code;
  return (
    <>
      <Badge tone={tone}>{status}</Badge> {text}
    </>
  );
}

function CallCell({ httpMethod, path, route }: TapEvent) {
  return (
    <span title={`${httpMethod} ${path} (${route})`}>
      {httpMethod} {path}
    </span>
  );
}

/** Requests of a client that names them itself may have the same id. */
function keyOf({ requestId, time, durationMs, path }: TapEvent): string {
  return `${requestId} ${time?.seconds}.${time?.nanos} ${durationMs} ${path}`;
}

/** @returns `14:03:22.104` */
function timeText(ms: number): string {
  const date = new Date(ms);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
