// What a call asks the cache for: the contract between the protocols and the cache.
import type { Directives, Fields } from "../../../core/cache/directives.ts";
import type { Forward } from "../../../core/cache/status.ts";
import type { Call } from "../call.ts";
import type { Pairs, Plain } from "./plain.ts";

export interface Asked {
  readonly kind: "asked";
  readonly key: string; // of the isolate's store
  readonly resource: string; // what purges and invalidations call it
  readonly tags: readonly string[];
  /** The call as the upstream gets it, made when it has to be asked. */
  told(): Call;
  readonly variesBy: Fields | undefined; // the fields that `Vary` may speak of, where the key does not have them all
  readonly hasAuthorization: boolean; // and the upstream gets to see it
  readonly directives: Directives; // of the caller, as far as they count
  readonly isShareable: boolean; // or else only what is kept already may answer it: HEAD, parts
  /** Whether the answer is one of those that the protocol has. */
  isFit(status: number, fields: Fields): boolean;
  /** Writes an answer for this caller. @param extra more header fields. @param forms of an answer that is kept */
  present(answer: Plain, extra: Pairs, now: number, forms?: Forms): Response | Promise<Response>;
}

/** Other ways to write an answer that is kept, as callers have asked for them. */
export interface Forms {
  written?: Map<string, Uint8Array<ArrayBuffer>>;
}

/** A call that the cache has no part in. */
export interface PassedBy {
  readonly kind: "passed";
  readonly fwd: Forward;
  readonly detail: string | undefined;
  readonly invalidates: string | undefined; // the resource that a call changes where it succeeds
}

export type Subject = (call: Call) => Asked | PassedBy | Promise<Asked | PassedBy>;

export function passed(detail: string | undefined, fwd: Forward = "bypass", invalidates?: string): PassedBy {
  return { kind: "passed", fwd, detail, invalidates };
}
