// What a fleet receives and returns when it picks: an endpoint for one attempt, or the reason why there is none.
import type { Admitted } from "../breaker/admission.ts";
import type { Rank } from "../overload/criticality.ts";
import type { PickInput } from "./balancer.ts";

/** One attempt that needs an endpoint. */
export type PickRequest = Pick<PickInput, "key" | "now" | "rng" | "method"> & {
  readonly tried: ReadonlySet<string>; // ids of the endpoints that the call has been sent to
  readonly isReported?: boolean; // breakers only report for its caller; default: as their mode says
  readonly rank?: Rank; // criticality, compared with the shed levels of endpoints; without it, no endpoint is avoided for its level
};

export type PickResult =
  | {
      readonly kind: "picked";
      readonly id: string;
      readonly admission: Admitted;
      readonly isReportedOnly: boolean; // breakers would refuse the call, but only report for its caller
      readonly isRepeated: boolean; // the call has been sent to this endpoint before
    }
  | { readonly kind: "none" } // there are no endpoints, or all of them are draining
  | { readonly kind: "open"; readonly retryAfterMs: number } // all breakers are open
  | { readonly kind: "shed" } // every endpoint that could take the call has reported a shed level above its rank
  | { readonly kind: "full" }; // every endpoint has its maximum of calls in flight
