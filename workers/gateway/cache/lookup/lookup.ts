// What a call asks the cache for: the contract between the protocols and the cache.

import type { ForwardReason } from "../../../../core/cache/headers/cache-status.ts";
import type { Directives } from "../../../../core/cache/headers/directives.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import type { Need } from "../../call/layer.ts";
import type { Call, Clock } from "../../call.ts";
import type { BufferedResponse } from "../responses/buffered-response.ts";
import type { CacheHeaders, Renderings } from "../responses/response-headers.ts";

export interface Lookup {
  readonly kind: "asked";
  readonly key: string; // of the isolate's store
  readonly resource: string; // what purges and invalidations call it
  readonly tags: readonly string[];
  /** The call as the upstream gets it, made when it has to be asked. */
  upstreamCall(call: Call, clock: Clock): Call;
  readonly varyFields: HeaderFields | undefined; // the fields that `Vary` may speak of, where the key does not have them all
  readonly hasAuthorization: boolean; // and the upstream gets to see it
  readonly directives: Directives; // of the caller, as far as they count
  readonly isShareable: boolean; // or else only what is kept already may answer it: HEAD, parts
  /** Whether the answer is one of those that the protocol has. */
  fitsProtocol(status: number, fields: HeaderFields): boolean;
  /** Writes an answer for this caller. @param forms where the answer is kept */
  render(answer: BufferedResponse, said: CacheHeaders, now: number, forms?: Renderings): Response | Promise<Response>;
}

/** A call that the cache has no part in. */
export interface Bypass {
  readonly kind: "passed";
  readonly fwd: ForwardReason;
  readonly detail: string | undefined;
  readonly invalidates: string | undefined; // the resource that a call changes where it succeeds
}

export interface LookupBuilder {
  readonly needs?: Need;
  build(call: Call): Lookup | Bypass | Promise<Lookup | Bypass>;
  /** The same for a GET where that is known at once; undefined where it is not, or where the call passes by. */
  remembered(call: Call): Lookup | undefined;
}

export function bypass(detail: string | undefined, fwd: ForwardReason = "bypass", invalidates?: string): Bypass {
  return { kind: "passed", fwd, detail, invalidates };
}
