// A lookup: what a call looks for in the cache, whatever its protocol. The contract between the protocols and the cache.
import type { ForwardReason } from "../../../../core/cache/headers/cache-status.ts";
import type { Directives } from "../../../../core/cache/headers/directives.ts";
import type { HeaderFields } from "../../../../core/cache/headers/header-list.ts";
import type { Need, Responding } from "../../call/layer.ts";
import type { Call, Clock } from "../../call.ts";
import type { BufferedResponse } from "../responses/buffered-response.ts";
import type { CacheHeaders, Renderings } from "../responses/response-headers.ts";

export interface Lookup {
  readonly kind: "lookup";
  readonly key: string; // key in the store of the route
  readonly resource: string; // name of the resource for purges and invalidations
  readonly tags: readonly string[];
  /** The call as the upstream receives it. Only built when the cache calls the upstream. @param clock times of the fetch */
  upstreamCall(call: Call, clock: Clock): Call;
  readonly varyFields: HeaderFields | undefined; // request fields that a Vary may name; undefined where the key contains all of them
  readonly hasAuthorization: boolean; // whether the upstream receives the caller's Authorization
  readonly directives: Directives; // directives of the request that the route honors
  readonly isShareable: boolean; // false for HEAD and ranges: a stored response serves them, but theirs is not stored
  /** Whether a response has the status and content type that the protocol uses. Others are not stored. */
  fitsProtocol(status: number, fields: HeaderFields): boolean;
  /** Writes a response in the protocol and encoding of this caller. @param renderings those made before, where the response is stored */
  render(response: BufferedResponse, headers: CacheHeaders, now: number, renderings?: Renderings): Responding;
}

/** A call that goes to the upstream without a lookup. */
export interface Bypass {
  readonly kind: "bypass";
  readonly fwd: ForwardReason;
  readonly detail: string | undefined; // parameter of Cache-Status
  readonly invalidates: string | undefined; // resource that the call changes where it succeeds
}

export interface LookupBuilder {
  readonly needs?: Need;
  build(call: Call): Lookup | Bypass;
  /** The lookup of a GET where it is known without decoding anything; undefined where it is not, or where the call bypasses the cache. */
  remembered(call: Call): Lookup | undefined;
}

export function bypass(detail: string | undefined, fwd: ForwardReason = "bypass", invalidates?: string): Bypass {
  return { kind: "bypass", fwd, detail, invalidates };
}
