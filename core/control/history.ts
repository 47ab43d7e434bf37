// The history of versions: which one is live, which one is tried on some callers, and who decided so. One change at a time: each names the
// state that it was made against, and another state refuses it.
//
//   publish ----> live            publish with a share ----> canary --promote--> live
//   live --rollback--> the version that was live before it        canary --abort, rollback--> nothing
import { retained } from "./retention.ts";
import { BUNDLED, type CanaryShare, type PointerChange, shareOf, shareProblem, type Version, type VersionHistory } from "./version.ts";

export const MAX_CHANGES = 200;

/** What all changes name. */
export interface ChangeBase {
  readonly expected: number; // the sequence of the state that the author has seen
  readonly author: string;
  readonly reason: string;
}

export type Operation = ChangeBase &
  (
    | { readonly kind: "publish"; readonly digest: string; readonly bytes: number; readonly share?: CanaryShare }
    | { readonly kind: "promote"; readonly share?: CanaryShare } // makes it live; with a share, for more or fewer callers
    | { readonly kind: "rollback"; readonly to?: number } // default: a canary is aborted, else the version before the live one; 0: bundled
    | { readonly kind: "abort" }
  );

export type HistoryOutcome =
  | { readonly kind: "changed"; readonly history: VersionHistory; readonly change: PointerChange }
  | { readonly kind: "unchanged"; readonly version: number } // this digest is live, or the canary with this share, already
  | { readonly kind: "conflict"; readonly sequence: number; readonly winner: PointerChange | undefined } // somebody else was faster
  | { readonly kind: "refused"; readonly problem: string };

/**
 * Applies an operation, or none of it.
 *
 * @param now epoch ms; sequences follow the clock, so that a history that was lost continues above what isolates know
 */
export function changed(history: VersionHistory, operation: Operation, now: number): HistoryOutcome {
  const version = operation.kind === "publish" ? sameVersion(history, operation.digest, operation.share) : undefined;
  if (version !== undefined) return { kind: "unchanged", version }; // also a call that is repeated since its response was lost
  const { sequence, changes } = history;
  if (operation.expected !== sequence) return { kind: "conflict", sequence, winner: changes.at(-1) };
  const problem = "share" in operation && operation.share !== undefined ? shareProblem(operation.share) : undefined;
  if (problem !== undefined) return { kind: "refused", problem };
  switch (operation.kind) {
    case "publish":
      return published(history, operation, now);
    case "promote":
      return promoted(history, operation, now);
    case "rollback":
      return rolledBack(history, operation, now);
    case "abort":
      if (history.canary === undefined) return { kind: "refused", problem: "no canary is running; `tidegate status` shows what is live" };
      return done({ ...history, canary: undefined }, "abort", history.canary.version, operation, now);
  }
}

/** @returns the live version; BUNDLED for none */
export function liveVersion({ lives }: VersionHistory): number {
  return lives.at(-1) ?? BUNDLED;
}

export function versionOf({ versions }: VersionHistory, number: number): Version | undefined {
  return versions.find(({ version }) => version === number);
}

function sameVersion(history: VersionHistory, digest: string, share: CanaryShare | undefined): number | undefined {
  const { canary } = history;
  const isSame = share === undefined ? canary === undefined : canary?.percent === share.percent && canary.region === share.region;
  const number = share === undefined ? liveVersion(history) : (canary?.version ?? BUNDLED);
  return isSame && versionOf(history, number)?.digest === digest ? number : undefined;
}

function published(history: VersionHistory, operation: Operation & { readonly kind: "publish" }, now: number): HistoryOutcome {
  const { canary, lives } = history;
  const { author, reason, digest, bytes, share } = operation;
  if (canary !== undefined) {
    const problem = `version ${canary.version} is a canary; \`tidegate promote\` makes it live, \`tidegate rollback\` takes it back`;
    return { kind: "refused", problem };
  }
  const version = history.lastVersion + 1;
  const versions = [...history.versions, { version, digest, bytes, author, at: now, reason }];
  const added = { ...history, versions, lastVersion: version };
  if (share !== undefined) return done({ ...added, canary: { ...share, version } }, "canary", version, operation, now);
  return done({ ...added, lives: [...lives, version] }, "publish", version, operation, now);
}

function promoted(history: VersionHistory, operation: Operation & { readonly kind: "promote" }, now: number): HistoryOutcome {
  const { canary, lives } = history;
  if (canary === undefined) return { kind: "refused", problem: "no canary is running; `tidegate publish --canary 5%` starts one" };
  const { version } = canary;
  if (operation.share !== undefined)
    return done({ ...history, canary: { ...operation.share, version } }, "canary", version, operation, now);
  return done({ ...history, canary: undefined, lives: [...lives, version] }, "promote", version, operation, now);
}

function rolledBack(history: VersionHistory, operation: Operation & { readonly kind: "rollback" }, now: number): HistoryOutcome {
  const { lives, canary, isCut } = history;
  const { to } = operation;
  const back = { ...history, canary: undefined };
  if (to === undefined && canary !== undefined) return done(back, "rollback", liveVersion(history), operation, now);
  if (to === undefined) {
    if (lives.length === 0) return { kind: "refused", problem: "nothing has been published; the bundled configuration is live" };
    if (lives.length === 1 && isCut)
      return {
        kind: "refused",
        problem: "the version before is no longer stored; name one of `tidegate versions`, or 0 for the bundled one",
      };
    return done({ ...back, lives: lives.slice(0, -1) }, "rollback", lives.at(-2) ?? BUNDLED, operation, now);
  }
  if (to === BUNDLED) return done({ ...back, lives: [], isCut: false }, "rollback", BUNDLED, operation, now);
  if (versionOf(history, to) === undefined)
    return { kind: "refused", problem: `version ${to} is not stored; name one that \`tidegate versions\` lists` };
  const at = lives.lastIndexOf(to);
  return done({ ...back, lives: at === -1 ? [...lives, to] : lives.slice(0, at + 1) }, "rollback", to, operation, now);
}

function done(
  history: VersionHistory,
  kind: PointerChange["kind"],
  version: number,
  { author, reason }: ChangeBase,
  now: number,
): HistoryOutcome {
  const sequence = Math.max(history.sequence + 1, now);
  const { canary } = history;
  const share = kind === "canary" && canary !== undefined ? { share: shareOf(canary) } : {};
  const change: PointerChange = { sequence, kind, version, ...share, author, at: now, reason };
  const changes = [...history.changes, change].slice(-MAX_CHANGES);
  return { kind: "changed", change, history: retained({ ...history, sequence, changes }) };
}
