// The request that is sent to the upstream for a call.
import { nextTraceparent, parseTraceparent } from "../../../core/trace.ts";
import { requestHeaders } from "../protocol/headers.ts";
import type { Protocol } from "../protocol/protocol.ts";

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
  readonly route: { readonly path: string };
  readonly id: string; // read when the headers are made
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

  /** One object for the whole call, to which layers add. */
  get headers(): Headers {
    this.#headers ??= tracedHeaders(this.#sentFor);
    return this.#headers;
  }
}

/** The caller's headers with the request id, and with a span of the gateway's own in the caller's trace or in a new one. */
function tracedHeaders({ request, route, id }: SentFor): Headers {
  const headers = requestHeaders(request, route.path);
  headers.set("x-request-id", id);
  const parent = parseTraceparent(headers.get("traceparent"));
  headers.set("traceparent", nextTraceparent(parent, crypto.getRandomValues(new Uint8Array(24))));
  // Vendor data of a trace that does not go on here would be added to the wrong trace.
  if (parent === undefined) headers.delete("tracestate");
  return headers;
}
