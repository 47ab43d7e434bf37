// The request that is sent to the upstream for a call.
import { REGION_HEADER } from "../../../core/headers.ts";
import type { ReceivedHeaders } from "../../../core/protocol/received-headers.ts";
import { boundedTracestate, nextTraceparent, parseTraceparent, type TraceParent } from "../../../core/trace.ts";
import { requestHeaders } from "../protocol/headers.ts";
import type { Protocol } from "../protocol/protocol.ts";
import { currentRegion } from "../region/isolate-region.ts";
import type { CallSampling } from "../tracing/call-sampling.ts";
import { nextRandomBytes, RANDOM_BLOCK } from "./random-block.ts";
import type { Route } from "./route.ts";

export type RequestBody = ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;

/** A request in a form that is not the caller's. */
export interface OutgoingForm {
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestBody;
}

/** The call that a request is sent for. */
interface SentFor {
  readonly request: Request;
  readonly route: Pick<Route, "path" | "headers">;
  readonly id: string; // read when the headers are made
  readonly received: ReceivedHeaders;
  readonly sampling?: CallSampling | undefined; // undefined where tracing is off: then callers decide what is sampled
}

/**
 * Layers change it in place, each before it calls the next one: `limit-body` and `decode-body` replace the body; `transcode`, `connect-get`
 * and `translate` write the whole request in another form.
 */
export class Outgoing {
  protocol: Protocol; // in which the request is written: the caller's until `translate` changes it
  method: string;
  path: string; // canonical
  query: string; // empty, or starts with `?`
  body: RequestBody;
  readonly #sentFor: SentFor;
  #headers: Headers | undefined;

  /** @param headers made from those of the caller on first use where they are not given: a call that the cache serves needs none */
  constructor(sentFor: SentFor, protocol: Protocol, method: string, path: string, query: string, body: RequestBody, headers?: Headers) {
    this.protocol = protocol;
    this.method = method;
    this.path = path;
    this.query = query;
    this.body = body;
    this.#sentFor = sentFor;
    this.#headers = headers;
  }

  /** What is sent: GET and HEAD have no body. The runtime refuses to send one, and no cache key or rule knows it. */
  get sentBody(): RequestBody {
    return this.method === "GET" || this.method === "HEAD" ? null : this.body;
  }

  /** One object for the whole call, to which layers add. */
  get headers(): Headers {
    this.#headers ??= tracedHeaders(this.#sentFor);
    return this.#headers;
  }
}

/** The cookie by which Cloudflare Access knows a browser is a credential like others: it does not leave the gateway. */
function removeAccessCookie(headers: Headers): void {
  const sent = headers.get("cookie");
  if (sent === null || !/cf_authorization/i.test(sent)) return;
  const others = sent.split(";").filter((pair) => !/^\s*cf_authorization\s*(=|$)/i.test(pair));
  if (others.length === 0) headers.delete("cookie");
  else headers.set("cookie", others.join(";").trim());
}

function ownTraceparent(parent: TraceParent | undefined, isSampled: boolean): string {
  return nextTraceparent(parent, RANDOM_BLOCK, nextRandomBytes(), isSampled);
}

/** A trace that the platform records goes on; else a new one says whether it is sampled. */
function sampledTraceparent(parent: TraceParent | undefined, { platform, isSampled }: CallSampling): string {
  return platform === undefined ? ownTraceparent(parent, isSampled) : `00-${platform.traceId}-${platform.spanId}-01`;
}

/** The caller's headers with the request id, the isolate's region, and a span of the gateway's own in the caller's trace or in a new one. */
function tracedHeaders({ request, route, id, received, sampling }: SentFor): Headers {
  const headers = requestHeaders(request, received, route.path);
  if (route.headers.credentials.size > 0) removeAccessCookie(headers);
  headers.set("x-request-id", id);
  const region = currentRegion();
  if (region !== "local") headers.set(REGION_HEADER, region);
  const parent = parseTraceparent(headers.get("traceparent"));
  headers.set("traceparent", sampling === undefined ? ownTraceparent(parent, false) : sampledTraceparent(parent, sampling));
  const sent = headers.get("tracestate");
  if (sent === null) return headers;
  // Vendor data of a trace that does not go on here would be added to the wrong trace.
  const state = parent === undefined ? "" : boundedTracestate(sent);
  if (state === "") headers.delete("tracestate");
  else if (state !== sent) headers.set("tracestate", state);
  return headers;
}
