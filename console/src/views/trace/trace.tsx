// Request path: what each layer of the gateway did with one call, when, and by which values.
import { useState } from "preact/hooks";
import type { TapEvent } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Empty } from "../../components/empty.tsx";
import { Figure, Figures } from "../../components/figure.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { clock, count, duration, epochMs } from "../../data/format.ts";
import { linkTo, setParams, useParam } from "../../shell/location.ts";
import { tappedCall } from "../tap/tap-events.ts";
import { type LoadedTrace, useTrace } from "./load-trace.ts";
import { Waterfall } from "./waterfall.tsx";

export function View() {
  const [requestId] = useParam("request");
  const loaded = useTrace(requestId);
  return (
    <>
      <div class="head">
        <h1>Request path</h1>
        <RequestForm key={requestId} requestId={requestId} />
      </div>
      {loaded.state === "none" && <Without />}
      {loaded.state === "loading" && <Skeleton lines={8} />}
      {loaded.state === "failed" && <NotLoaded loaded={loaded} requestId={requestId} />}
      {loaded.trace !== undefined && <Loaded trace={loaded.trace} />}
    </>
  );
}

function RequestForm({ requestId }: { readonly requestId: string }) {
  const [text, setText] = useState(requestId);
  return (
    <form
      class="request-id"
      onSubmit={(event) => {
        event.preventDefault();
        setParams({ request: text.trim() });
      }}
    >
      <label class="inline">
        <span>Request</span>
        <input
          name="request"
          type="text"
          placeholder="x-request-id of the response"
          maxLength={128}
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

function Without() {
  return (
    <Empty title="Which call?" command="ADMIN_TOKEN=... npx tidegate trace GET /api/v1/users">
      Make a call in the <a href={linkTo("playground")}>playground</a> with “Trace this call”, or by the command, whose output has the id of
      the request. A trace is stored for a minute.
    </Empty>
  );
}

function NotLoaded({ loaded: { problem }, requestId }: { readonly loaded: LoadedTrace; readonly requestId: string }) {
  const event = tappedCall(requestId);
  return (
    <>
      <Empty
        title="No trace of this call"
        command={`ADMIN_TOKEN=... npx tidegate trace ${event?.httpMethod ?? "GET"} ${event?.path ?? "/api/v1/users"}`}
      >
        {problem?.message}. Make the call again with a trace, in the <a href={linkTo("playground")}>playground</a> or by the command:
      </Empty>
      {event !== undefined && <Tapped event={event} />}
    </>
  );
}

/** What the tap has seen of a call without a trace. */
function Tapped({ event }: { readonly event: TapEvent }) {
  const { status, code, reason, durationMs, upstreamMs, attempts, endpoint, cache, route, httpMethod, path, time } = event;
  return (
    <section class="section" aria-labelledby="tapped">
      <header>
        <h2 id="tapped">What the tap has seen</h2>
        <span class="quiet">{clock(epochMs(time))}</span>
      </header>
      <p>
        <code>
          {httpMethod} {path}
        </code>{" "}
        <span class="quiet">{route}</span>
      </p>
      <Figures label="What the tap has seen">
        <Figure label="Status" value={String(status)} tone={status >= 500 ? "bad" : undefined} note={reason || code} />
        <Figure label="Duration" value={duration(durationMs)} note="until the end of the response" />
        <Figure label="At upstreams" value={attempts === 0 ? "–" : duration(upstreamMs)} note={endpoint || "no endpoint"} />
        <Figure label="In the gateway" value={duration(Math.max(0, durationMs - upstreamMs))} />
        <Figure label="Attempts" value={count(attempts)} />
        {cache !== "" && <Figure label="Cache" value={cache} />}
      </Figures>
    </section>
  );
}

function Loaded({ trace }: { readonly trace: NonNullable<LoadedTrace["trace"]> }) {
  const { route, httpMethod, protocol, status, durationMs, steps, truncated, time, requestId } = trace;
  return (
    <>
      <p>
        <code>{httpMethod}</code> {route === "" ? <b>no route</b> : <b>{route}</b>} <span class="quiet">request {requestId}</span>
      </p>
      <Figures label="The call">
        <Figure label="Status" value={String(status)} tone={status >= 500 ? "bad" : status >= 400 ? "warn" : "good"} note={protocol} />
        <Figure label="Duration" value={duration(durationMs)} note="until the response began" />
        <Figure label="Layers" value={count(steps.length)} note="in the order of the call" />
        <Figure label="Time" value={clock(epochMs(time))} />
      </Figures>
      <section class="section" aria-labelledby="layers">
        <header>
          <h2 id="layers">Layers</h2>
          <p class="quiet">A bar is the layer’s own time; each layer opens its values and settings.</p>
        </header>
        <Waterfall trace={trace} />
        {truncated && <p class="quiet">The trace was too large: steps or settings are left out.</p>}
      </section>
    </>
  );
}
