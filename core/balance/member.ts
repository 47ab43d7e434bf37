// What goes into a fleet and what comes out of it: endpoints, requests for a pick, and results.
import type { Admitted } from "../breaker/admission.ts";
import type { Rank } from "../overload/criticality.ts";
import type { PickInput } from "./balancer.ts";
import type { AttemptPermit } from "./load.ts";

/** An endpoint as it is configured or registered. */
export interface Member {
  readonly id: string;
  readonly weight: number; // [1, 1000]
  readonly priority: number; // a whole number from 0; the next one takes over where no endpoint of this one can take calls
  readonly isDraining: boolean; // a draining endpoint gets no new calls
  readonly zone?: string;
  readonly isHealthy?: boolean; // false: its health checks fail, and it is picked only where no healthy endpoint is left
}

/** One attempt that needs an endpoint. */
export type PickRequest = Pick<PickInput, "key" | "now" | "rng" | "method"> & {
  readonly tried: ReadonlySet<string>; // ids of the endpoints that the call has been sent to
  readonly rank?: Rank; // criticality, compared with the shed levels of endpoints; without it, no endpoint is avoided for its level
};

export type PickResult =
  | {
      readonly kind: "picked";
      readonly id: string;
      readonly admission: Admitted;
      readonly isReportedOnly: boolean; // its breaker would refuse, but the breaker's mode is "report"
      readonly isRepeated: boolean; // the call has been sent to this endpoint before
    }
  | { readonly kind: "none" } // there are no endpoints, or all of them are draining
  | { readonly kind: "open"; readonly retryAfterMs: number } // all breakers are open
  | { readonly kind: "shed" } // every endpoint that could take the call has reported a shed level above its rank
  | { readonly kind: "full" }; // every endpoint has its maximum of calls in flight

/** Facts about the end of an attempt, beside its outcome. */
export interface AttemptEnd {
  readonly permit: AttemptPermit;
  readonly admission: Admitted;
  readonly now: number; // epoch ms
  readonly random: number; // in [0, 1)
  readonly method?: number; // hash of the method
  readonly isRepeated?: boolean; // several attempts of one call at one endpoint count as one failure
}

/** Whether an upstream takes calls, as far as this isolate knows. */
export type ServingStatus = "serving" | "not_serving" | "unknown";
