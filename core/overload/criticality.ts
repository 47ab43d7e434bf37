// How much a call matters when not all can be served: four levels. The lowest is shed first.

/** From the lowest to the highest; the index is the rank. @see Beyer et al. 2016, Site Reliability Engineering, chapter 21 */
export const CRITICALITIES = ["sheddable", "sheddable_plus", "critical", "critical_plus"] as const;

export type Criticality = (typeof CRITICALITIES)[number];

/** 0 for `sheddable` to 3 for `critical_plus`. */
export type Rank = number;

export const CRITICAL: Rank = 2; // the default
export const MOST_CRITICAL: Rank = 3;

export function rankOf(criticality: Criticality): Rank {
  return CRITICALITIES.indexOf(criticality);
}

/** @param text value of the header `tidegate-criticality` @returns undefined where it names no level */
export function parseRank(text: string | null): Rank | undefined {
  const rank = (CRITICALITIES as readonly (string | null)[]).indexOf(text);
  return rank === -1 ? undefined : rank;
}

/** Which callers may set the criticality of their calls. */
export type Trust =
  | { readonly kind: "none" }
  | { readonly kind: "principals" }
  | { readonly kind: "listed"; readonly names: ReadonlySet<string> };

/** @param principal name of the caller; null where the call has none */
export function isTrusted(trust: Trust, principal: string | null): boolean {
  if (principal === null || principal === "" || trust.kind === "none") return false;
  return trust.kind === "principals" || trust.names.has(principal);
}
