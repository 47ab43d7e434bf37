// What goes in and out of a fleet: its members, what is wanted of it, and what it finds.
import type { Admitted } from "../breaker/local-breaker.ts";
import type { Rank } from "../overload/criticality.ts";
import type { PickInput } from "./balancer.ts";
import type { AttemptPermit } from "./load.ts";

/** An endpoint as it is configured or registered. */
export interface Member {
  readonly id: string;
  readonly weight: number; // [1, 1000]
  readonly priority: number; // from 0; the next number takes over where nobody of this one is left
  readonly isDraining: boolean; // gets no new calls
  readonly zone?: string;
  readonly isHealthy?: boolean; // false: its health checks fail; it is picked only where nobody is well
}

/** What is asked for an attempt. */
export type PickRequest = Pick<PickInput, "key" | "now" | "rng" | "method"> & {
  readonly tried: ReadonlySet<string>;
  readonly rank?: Rank; // what matters less is kept from endpoints that shed it; without, nothing is
};

export type PickResult =
  | {
      readonly kind: "picked";
      readonly id: string;
      readonly admission: Admitted;
      readonly isReportedOnly: boolean; // a breaker that only reports
      readonly isRepeated: boolean; // the call has been sent there before
    }
  | { readonly kind: "none" } // no endpoints, or all of them drain
  | { readonly kind: "open"; readonly retryAfterMs: number } // the breakers of all of them are
  | { readonly kind: "shed" } // all that could take it have told us to
  | { readonly kind: "full" }; // each has as many calls in flight as it may

/** What came of an attempt, beside its outcome. */
export interface AttemptEnd {
  readonly permit: AttemptPermit;
  readonly admission: Admitted;
  readonly now: number;
  readonly random: number; // a number in [0, 1)
  readonly method?: number; // of the call, hashed
  readonly isRepeated?: boolean; // attempts of one call are one failure of an endpoint, however many they are
}

/** Whether an upstream takes calls, as far as is known. */
export type ServingStatus = "serving" | "not_serving" | "unknown";
