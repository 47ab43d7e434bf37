// A shared breaker in storage: what survives a restart of the Durable Object, and what was stored by its first version.

import { PROBE_MS } from "./report.ts";
import { CLOSED, type SharedBreaker, type SharedState } from "./shared-breaker.ts";

/** Stored with each transition. */
export type StoredBreaker = SharedState & { readonly version: number; readonly nextProbeId: number };

/** A row of the first version, which had one record for all states. */
export interface FirstStoredBreaker {
  readonly version: number;
  readonly kind: "closed" | "open" | "half" | "ramp";
  readonly until: number; // epoch ms: the end of `open`, the start of `ramp`, the time before which `closed` did not open
  readonly opens: number;
  readonly forced?: "open" | "closed";
  readonly nextToken: number;
}

export function toStored({ probes, evidence: _, ...state }: SharedBreaker): StoredBreaker {
  return { ...state, nextProbeId: probes.nextId };
}

/** The breaker after a restart: a new version, without evidence, and without new probes while old ones may be in flight. */
export function restore({ nextProbeId, ...state }: StoredBreaker, now: number): SharedBreaker {
  const { expiries } = CLOSED.probes;
  const probes = { nextId: nextProbeId, notBefore: now + PROBE_MS, expiries };
  const restored: SharedBreaker = { ...state, version: state.version + 1, probes, evidence: CLOSED.evidence };
  return restored.kind === "half_open" ? { ...restored, successes: 0 } : restored;
}

export function upgrade({ version, kind, until, opens, forced, nextToken }: FirstStoredBreaker): StoredBreaker {
  return { ...upgradeState(kind, until, opens, forced), version, nextProbeId: nextToken };
}

function upgradeState(kind: FirstStoredBreaker["kind"], until: number, opens: number, forced: FirstStoredBreaker["forced"]): SharedState {
  if (forced !== undefined) return { kind: "overridden", to: forced };
  switch (kind) {
    case "closed":
      return { kind, notOpenedBefore: until };
    case "open":
      return { kind, until, opens };
    case "half":
      return { kind: "half_open", successes: 0, opens };
    case "ramp":
      return { kind, since: until, opens };
  }
}
