// The grammar of layers/: a call on its way inwards, and what a layer is.

import type { Budget } from "../../core/budget.ts";
import type { Rank } from "../../core/overload/criticality.ts";
import type { PathValues } from "../../core/transcode/path-trie.ts";

/** How the caller speaks, and so how every answer to it is written. */
export type Protocol =
  | { readonly kind: "connect_unary" }
  | { readonly kind: "connect_stream"; readonly contentType: string }
  | { readonly kind: "grpc_web"; readonly contentType: string }
  | { readonly kind: "rest" };

/** What is sent to the upstream. `path` is canonical; `query` is empty or starts with `?`. */
export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers; // one copy per call, which layers add to
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
}

/** The same with headers that are made when somebody asks for them: a call that the cache answers needs none. */
export function withHeaders({ method, path, query, body }: Omit<Outgoing, "headers">, make: () => Headers): Outgoing {
  let made: Headers | undefined;
  return {
    method,
    path,
    query,
    body,
    get headers() {
      made ??= make();
      return made;
    },
  };
}

/** One call on its way inwards. A layer that changes it hands a new one to `next`. */
export interface Call {
  readonly request: Request; // as it arrived; its body is read through `outgoing`
  readonly protocol: Protocol;
  readonly receivedAt: number; // epoch ms
  readonly deadlineAt: number; // epoch ms; Infinity until the deadline layer has spoken
  readonly signal: AbortSignal | null; // aborts at the deadline
  readonly variables: PathValues; // what a REST path carried; empty for RPC
  readonly outgoing: Outgoing;
  readonly hashText?: string; // a field of its message, where endpoints are chosen by one
  readonly rank?: Rank; // how much it matters; critical where nobody has said anything
  readonly isTranslated?: true; // the upstream is called in another protocol than the caller's, and its response is read
  readonly attempt?: Attempted;
  readonly upload?: { readonly failure: unknown }; // a body that is sent on while it comes; `failure` is set when it breaks off
}

/** What has been done for a call so far. */
export interface Attempted {
  readonly number: number; // of this attempt, from 1
  readonly tried: Set<string>; // endpoints that the call has been sent to
  readonly maxMs?: number; // that an operator gives an attempt, whatever is left of the call
  readonly budget?: Budget; // that pays for what is done beyond the first attempt
}

export type Handler = (call: Call) => Promise<Response>;
export type Layer = (next: Handler) => Handler;

/** Puts layers around a handler; the first one listed is the outermost. */
export function stack(layers: readonly Layer[], innermost: Handler): Handler {
  return layers.reduceRight((next, layer) => layer(next), innermost);
}

/** The facts by which a log record names a call. */
export function logFactsOf({ outgoing }: Call): { readonly requestId: string | null; readonly route: string } {
  return { requestId: outgoing.headers.get("x-request-id"), route: outgoing.path.slice(1) };
}
