// The gateways that a request has been through: each one adds itself, so that a circle of gateways ends.
import { HOPS_HEADER } from "../headers.ts";

/** Networks that a request has been through, one entry each. Other networks must neither change nor remove it. @see RFC 8586 */
export const CDN_LOOP_HEADER = "cdn-loop";

/** Gateways that one request may pass. */
export const MAX_HOPS = 8;
const MAX_LENGTH = 1_024; // characters of CDN-Loop; a longer one grows in a circle without this gateway
/** The entry of a gateway in `CDN-Loop`. */
export const OWN_ENTRY = "tidegate";
const QUOTED = /"(?:[^"\\]|\\.)*"?/g;

/** The fields of a request that has been through no gateway before. */
export const FIRST_HOP: Readonly<Record<string, string>> = { [HOPS_HEADER]: "1", [CDN_LOOP_HEADER]: OWN_ENTRY };

/**
 * Counts by two headers, since something on the way may drop one of them. Callers may write both, and only end their own request by that.
 *
 * @param hops    the received `tidegate-hops`; a value that is no number counts as none
 * @param cdnLoop the received `CDN-Loop`
 * @returns the number of this gateway on the way, in [1, MAX_HOPS], or why the request goes no further
 */
export function nextHop(hops: string | null, cdnLoop: string | null): number | { readonly problem: string } {
  if (hops === null && cdnLoop === null) return 1;
  if (cdnLoop !== null && cdnLoop.length > MAX_LENGTH) return { problem: `CDN-Loop is longer than ${MAX_LENGTH} characters` };
  const counted = Math.max(hops !== null && /^\d{1,6}$/.test(hops) ? Number(hops) : 0, ownEntries(cdnLoop ?? ""));
  if (counted < MAX_HOPS) return counted + 1;
  return { problem: `request has been through ${counted} gateways, as if they called one another in a circle` };
}

/** @param list entries with parameters, whose quoted values may have commas */
function ownEntries(list: string): number {
  const plain = list.includes('"') ? list.replace(QUOTED, "") : list;
  return plain.split(",").filter((entry) => entry.split(";")[0]!.trim().toLowerCase() === OWN_ENTRY).length;
}
