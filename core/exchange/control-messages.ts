// The section of the exchange about versions of the configuration.
import type { StoredSnapshot } from "../control/snapshot.ts";
import type { CanaryShare } from "../control/version.ts";

/** Name of the Durable Object `ControlPlane`: a gateway has one. */
export const CONTROL_PLANE_NAME = "all";
export const MAX_KNOWN_SNAPSHOTS = 8; // digests in one section
export const MAX_REFUSED_VERSIONS = 4; // in one section
export const MAX_REFUSAL_LENGTH = 1_000; // characters

/** What an isolate sends. */
export interface ControlSection {
  readonly known: number; // sequence of the pointers that the isolate has; 0 for none
  readonly has: readonly string[]; // digests whose snapshots the isolate has, compiled or refused; at most MAX_KNOWN_SNAPSHOTS
  readonly runs: string; // digest that serves now; of the bundled configuration, too
  readonly canary?: string; // digest that serves the share of the canary
  readonly refused?: readonly RefusedVersion[]; // at most MAX_REFUSED_VERSIONS
  readonly hasFallenBack?: boolean; // its first requests were served without knowing what is live
}

/** A version that an isolate cannot accept: it is not valid there, or its bundle lacks a method or a layer. */
export interface RefusedVersion {
  readonly digest: string;
  readonly reason: string; // at most MAX_REFUSAL_LENGTH characters
}

/** What a relay responds: the pointers, and the snapshots that the isolate lacks. */
export interface ControlView {
  /** Grows with each publish, canary, promotion, rollback and abort. An isolate ignores a view with a lower one than it has. */
  readonly sequence: number;
  readonly live: VersionRef | undefined; // undefined: nothing has been published, and the bundled configuration serves
  readonly canary: CanaryRef | undefined;
  readonly snapshots: readonly StoredSnapshot[]; // those of `live` and `canary` that are not in `has`
  readonly ageMs: number; // since the relay requested this state
}

export interface VersionRef {
  readonly version: number; // 1 for the first one published
  readonly digest: string;
}

/** A version that serves some callers only. */
export interface CanaryRef extends VersionRef, CanaryShare {}

/** What the root object responds to a relay. */
export interface ControlDelta {
  readonly sequence: number;
  readonly live: VersionRef | undefined;
  readonly canary: CanaryRef | undefined;
  readonly snapshots: readonly StoredSnapshot[]; // those of `live` and `canary` that the relay lacks
}

/** @returns the section within its bounds: the first digests and refusals, with their reasons cut */
export function boundedSection(section: ControlSection): ControlSection {
  const refused = section.refused?.slice(0, MAX_REFUSED_VERSIONS).map(({ digest, reason }) => {
    return { digest, reason: reason.slice(0, MAX_REFUSAL_LENGTH) };
  });
  const has = section.has.slice(0, MAX_KNOWN_SNAPSHOTS);
  return refused === undefined ? { ...section, has } : { ...section, has, refused };
}
