// Writes on a call to a service who makes it: as the binding lets the service believe it, or signed for a URL.
import type { HandlerContext } from "@connectrpc/connect";
import { IDENTITY_HEADER } from "../../../core/headers.ts";
import { boundIdentity, type WorkerIdentity } from "./worker-identity.ts";

/** One call to another service. */
export interface OutgoingHop {
  readonly service: string; // full name of the called service, for the audience of the token
  readonly isBinding: boolean;
  readonly during: HandlerContext | undefined;
}

/**
 * Over a URL a call without `identity` names nobody, even where its author has copied the header: nothing would prove it there, and whoever
 * is at the URL would learn of the caller.
 *
 * @returns a promise only where something is signed
 */
export function identify(
  header: Headers,
  { service, isBinding, during }: OutgoingHop,
  identity: WorkerIdentity | undefined,
): Promise<void> | undefined {
  const value = isBinding ? boundIdentity(during) : identity?.tokenFor(during, service, Date.now());
  if (value instanceof Promise) return value.then((token) => header.set(IDENTITY_HEADER, token));
  if (value === undefined && !isBinding) header.delete(IDENTITY_HEADER);
  if (value !== undefined) header.set(IDENTITY_HEADER, value);
  return undefined;
}
