// What the local breaker of one endpoint knows.
import type { Admitted, Probe } from "./admission.ts";
import { isReached } from "./clock.ts";
import type { HeldView } from "./held-view.ts";
import type { ProbeResult } from "./report.ts";
import { emptyWindow, type Window } from "./window.ts";

/** What the isolate's own evidence says. */
export type OwnState =
  | { readonly kind: "closed" }
  | {
      readonly kind: "open";
      readonly until: number; // epoch ms: from then on one call at a time probes the endpoint
      readonly method: number | undefined; // hash of the method, if the failures of one method alone have opened it: calls of others pass
    };

/** Shortest time open by own evidence; up to three times as long, at random. */
export const OPEN_MS = 1_000;

/** Whether the next call may probe the endpoint. */
export function isProbeDue({ until }: OwnState & { readonly kind: "open" }, now: number): boolean {
  return isReached(until, now, 3 * OPEN_MS);
}

/** Whether calls of this method pass although the failures of another one have opened the breaker. */
export function sparesMethod({ method: failing }: OwnState & { readonly kind: "open" }, method: number): boolean {
  return failing !== undefined && method !== 0 && method !== failing;
}

/** Plain data, changed in place by the methods of the breaker. The states in it are replaced as a whole. */
export interface LocalState {
  readonly window: Window;
  failuresInARow: number;
  own: OwnState;
  held: HeldView | undefined; // undefined until the first response of the Durable Object
  granted: Probe | undefined; // a probe of the shared breaker that no call has used yet
  lastGranted: Pick<Probe, "version" | "id">; // a view that arrives twice grants its probe once
  probing: Probe | undefined; // the probe in flight
  admitted: Admitted; // the admission of all ordinary calls, until the generation changes
  readonly unreported: Unreported;
  openings: number; // times that the isolate's own evidence has opened it
}

/** What the next report will say. */
export interface Unreported {
  sequence: number; // number of the last report
  hasFailed: boolean; // a call has failed since the last report
  isUrgent: boolean; // the next report is due at once
  probe: ProbeResult | undefined;
}

const CLOSED: OwnState = { kind: "closed" };
const NO_PROBE = { version: 0, id: 0 };

export function initialState(): LocalState {
  return {
    window: emptyWindow(),
    failuresInARow: 0,
    own: CLOSED,
    held: undefined,
    granted: undefined,
    lastGranted: NO_PROBE,
    probing: undefined,
    admitted: { kind: "admitted", generation: 0 },
    unreported: { sequence: 0, hasFailed: false, isUrgent: false, probe: undefined },
    openings: 0,
  };
}
