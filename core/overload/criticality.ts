// How much a call matters when not all can be served: four levels, the least of which is shed first.

/** The least one first; the place in the list is the rank. @see Beyer et al. 2016, Site Reliability Engineering, chapter 21 */
export const CRITICALITIES = ["sheddable", "sheddable_plus", "critical", "critical_plus"] as const;

export type Criticality = (typeof CRITICALITIES)[number];

/** 0 for `sheddable` to 3 for `critical_plus`. */
export type Rank = number;

export const CRITICAL: Rank = 2; // what nobody has said anything of
export const MOST_CRITICAL: Rank = 3;

export function rankOf(criticality: Criticality): Rank {
  return CRITICALITIES.indexOf(criticality);
}

/** @param text of the header `tidegate-criticality` @returns undefined where it names no level */
export function rankIn(text: string | null): Rank | undefined {
  const rank = (CRITICALITIES as readonly (string | null)[]).indexOf(text);
  return rank === -1 ? undefined : rank;
}

/** Whose word on criticality is taken. */
export type Trust =
  | { readonly kind: "none" }
  | { readonly kind: "principals" }
  | { readonly kind: "listed"; readonly names: ReadonlySet<string> };

/** @param principal what names the caller; null where nothing does */
export function isTrusted(trust: Trust, principal: string | null): boolean {
  if (principal === null || principal === "" || trust.kind === "none") return false;
  return trust.kind === "principals" || trust.names.has(principal);
}
