// What a call asks the cache for: the contract between the protocols and the cache.
import type { Directives, Fields } from "../../../core/cache/directives.ts";
import type { Forward } from "../../../core/cache/status.ts";
import type { Call } from "../call.ts";
import type { Forms, Said } from "./responses/response-headers.ts";
import type { Plain } from "./responses/stored-response.ts";

export interface Asked {
  readonly kind: "asked";
  readonly key: string; // of the isolate's store
  readonly resource: string; // what purges and invalidations call it
  readonly tags: readonly string[];
  /** The call as the upstream gets it, made when it has to be asked. */
  told(call: Call): Call;
  readonly variesBy: Fields | undefined; // the fields that `Vary` may speak of, where the key does not have them all
  readonly hasAuthorization: boolean; // and the upstream gets to see it
  readonly directives: Directives; // of the caller, as far as they count
  readonly isShareable: boolean; // or else only what is kept already may answer it: HEAD, parts
  /** Whether the answer is one of those that the protocol has. */
  isFit(status: number, fields: Fields): boolean;
  /** Writes an answer for this caller. @param forms where the answer is kept */
  present(answer: Plain, said: Said, now: number, forms?: Forms): Response | Promise<Response>;
}

/** A call that the cache has no part in. */
export interface PassedBy {
  readonly kind: "passed";
  readonly fwd: Forward;
  readonly detail: string | undefined;
  readonly invalidates: string | undefined; // the resource that a call changes where it succeeds
}

export interface Subject {
  ask(call: Call): Asked | PassedBy | Promise<Asked | PassedBy>;
  /** The same for a GET where that is known at once; undefined where it is not, or where the call passes by. */
  known(call: Call): Asked | undefined;
}

export function passed(detail: string | undefined, fwd: Forward = "bypass", invalidates?: string): PassedBy {
  return { kind: "passed", fwd, detail, invalidates };
}
