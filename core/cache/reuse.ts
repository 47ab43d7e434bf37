// What an entry is good for when somebody asks for it.
import { type Directives, secondsOf } from "./headers/directives.ts";
import type { PurgeDecision } from "./purge/purges.ts";
import type { StoredResponse } from "./stored-response.ts";

export type Reuse =
  | { readonly kind: "fresh"; readonly isEarly: boolean } // isEarly: refresh it already, behind the answer
  | { readonly kind: "stale" } // serves now, while it is refreshed
  | { readonly kind: "validate" }; // the upstream has to be asked first

/**
 * @param judgement of the purges; what is hit softly has to be asked for again, and is left for when that fails
 * @param asked     directives of the request, where they count
 * @param roll      a number in (0, 1)
 */
export function decideReuse(entry: StoredResponse, judgement: PurgeDecision, asked: Directives, now: number, roll: number): Reuse {
  if (judgement !== "valid") return { kind: "validate" };
  if (asked.size > 0 && !isAcceptable(entry, asked, now)) return { kind: "validate" };
  if (now < entry.freshUntil) return { kind: "fresh", isEarly: isEarly(entry, now, roll) };
  return now < entry.staleUntil ? { kind: "stale" } : { kind: "validate" };
}

/**
 * One of many isolates that share an entry refreshes it before it ends, and no two know of each other: the nearer the end and the
 * longer the fetch, the likelier. About one early refresh in all.
 *
 * @see Vattani et al., Optimal Probabilistic Cache Stampede Prevention, VLDB 2015
 */
function isEarly({ freshUntil, fetchMs }: StoredResponse, now: number, roll: number): boolean {
  return now - fetchMs * Math.log(roll) >= freshUntil;
}

function isAcceptable({ generatedAt: bornAt, freshUntil }: StoredResponse, asked: Directives, now: number): boolean {
  if (asked.has("no-cache") || asked.has("no-store")) return false;
  const maxAge = secondsOf(asked, "max-age");
  if (maxAge !== undefined && now - bornAt > maxAge * 1_000) return false;
  const minFresh = secondsOf(asked, "min-fresh");
  return minFresh === undefined || freshUntil - now >= minFresh * 1_000;
}

/** Whole seconds, as the Age header tells them. */
export function ageSeconds({ generatedAt: bornAt }: StoredResponse, now: number): number {
  return Math.max(0, Math.floor((now - bornAt) / 1_000));
}

/** Pauses between questions to an upstream that fails: 1 s, and twice as long each time. */
export function retryPauseMs(failures: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.max(0, failures - 1));
}
