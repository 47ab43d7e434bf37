// Writes on a request to an upstream who makes the call.
import { IDENTITY_HEADER } from "../../../../core/headers.ts";
import type { Destination } from "../../../call/destination.ts";
import type { Call } from "../../call.ts";

/**
 * A caller's own field has been removed before. A response that the cache shares with other callers is requested for none of them.
 *
 * @param headers of the request, which goes to one endpoint: another one may be reached in another way
 * @returns a promise where the identity has to be signed first
 */
export function identify(
  { route, principal, isShared }: Call,
  headers: Headers,
  { isBinding }: Destination,
  now: number,
): Promise<void> | undefined {
  const { identity } = route;
  if (identity === undefined) return undefined;
  const value = identity.headerFor(isShared ? undefined : principal, route.service, isBinding === true, now);
  if (value instanceof Promise) return value.then((signed) => headers.set(IDENTITY_HEADER, signed));
  if (value === undefined)
    headers.delete(IDENTITY_HEADER); // an attempt at another endpoint may have had one
  else headers.set(IDENTITY_HEADER, value);
  return undefined;
}
