// What the breaker of one endpoint in one isolate remembers, and what it says of a call.
import type { BreakerReport, BreakerView } from "./shared-breaker.ts";
import { emptyWindow, type Window } from "./window.ts";

export type BreakerAdmission =
  | { readonly kind: "admitted"; readonly generation: number; readonly probe?: Probe }
  | { readonly kind: "refused"; readonly retryAfterMs: number };
export type Admitted = BreakerAdmission & { readonly kind: "admitted" };

/** A call that finds out whether the endpoint is well. */
export interface Probe {
  readonly version: number;
  readonly id: number; // 0: on this isolate's own account
  readonly endsAt: number; // epoch ms of this isolate: it says nothing after, and has to be ended
}

/** What is told of nothing: a call that goes out though the breaker is open, because too many of its peers are. */
export const UNRECORDED: Admitted = { kind: "admitted", generation: -1 };

/** What a breaker knows: plain data, which its methods change. */
export interface Memory {
  readonly window: Window;
  inARow: number; // failures
  admitted: Admitted; // its generation grows with each change here: answers to calls of an older one change nothing
  openUntil: number; // by own evidence, epoch ms
  mustProbe: boolean; // open here has ended: one call finds out
  probing: Probe | undefined;
  view: BreakerView | undefined;
  viewUntil: number; // epoch ms
  askedAt: number | undefined; // when the object was first asked after that
  token: { readonly version: number; readonly token: number; readonly until: number } | undefined;
  lastToken: { readonly version: number; readonly token: number }; // that it was ever granted: one that comes twice is used once
  sequence: number;
  hasFailed: boolean; // since the last report
  found: BreakerReport["probe"];
  isUrgent: boolean; // something to be told to the object at once
}

const NO_TOKEN = { version: 0, token: 0 };

/** Of an endpoint that nothing is known of. */
export function fresh(): Memory {
  return {
    ...{ window: emptyWindow(), inARow: 0, admitted: { kind: "admitted", generation: 0 } as const, openUntil: 0, mustProbe: false },
    ...{ probing: undefined, view: undefined, viewUntil: 0, askedAt: undefined, token: undefined, lastToken: NO_TOKEN },
    ...{ sequence: 0, hasFailed: false },
    ...{ found: undefined, isUrgent: false },
  };
}
