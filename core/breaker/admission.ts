// What a local breaker decides about one call.

export type BreakerAdmission =
  | { readonly kind: "admitted"; readonly generation: number; readonly probe?: Probe }
  | { readonly kind: "refused"; readonly retryAfterMs: number };

/** Comes back with the outcome of the call. The generation tells which calls were admitted before the breaker last opened or closed. */
export type Admitted = BreakerAdmission & { readonly kind: "admitted" };

/** A call that finds out whether the endpoint is healthy again. */
export interface Probe {
  readonly version: number; // version of the view that granted it; 0 if the isolate sends it by itself
  readonly id: number; // unique within the version; 0 if the isolate sends it by itself
  readonly endsAt: number; // epoch ms: the call is aborted then, and a later outcome counts for nothing
}

/** For a call that is sent although the breaker is open, because the breakers of too many peers are. Its outcome is not recorded. */
export const UNRECORDED: Admitted = { kind: "admitted", generation: -1 };
