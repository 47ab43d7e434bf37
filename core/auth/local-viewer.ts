// Who may read the admin services of a gateway on the developer's own machine without a credential.
import { isCrossSite } from "./cross-site.ts";

/** The variable that `npm start` sets where it listens at a loopback address alone. A deployed Worker never has it. */
export const LOCAL_VIEWER_VARIABLE = "TIDEGATE_LOCAL_VIEWER";

/** A name that resolves to a loopback address in each client: a page cannot have made it do so. */
const LOOPBACK = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?(?=[/?#]|$)/i;
/** Fields that a proxy adds: a request with one of them may come from anywhere. */
const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] as const;

/**
 * Whether a request to a gateway that listens at a loopback address comes from a user of this machine: to a loopback host (a page whose
 * name has been made to resolve to one has another `Host`), from no page of another origin, and through no proxy.
 *
 * @param url    of the request, with the `Host` that the client has sent
 * @param headers of the request
 */
export function comesFromThisMachine(url: string, headers: { get(name: string): string | null }): boolean {
  const host = LOOPBACK.exec(url)?.[0];
  if (host === undefined) return false;
  if (isCrossSite(headers.get("sec-fetch-site"), headers.get("origin"), host.slice(host.indexOf("//") + 2))) return false;
  return FORWARDED.every((name) => headers.get(name) === null);
}
