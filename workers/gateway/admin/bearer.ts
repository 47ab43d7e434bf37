// The bearer token that calls of the gateway's own services need.
import { Code, ConnectError } from "@connectrpc/connect";

/**
 * @param secret that the token must equal; an empty secret admits no call
 * @param owner  of the secret, as the message names it: "endpoint registry"
 * @throws ConnectError `unauthenticated`
 */
export function requireBearer(headers: Headers, secret: string, owner: string): void {
  if (!isSecret(bearerOf(headers), secret))
    throw new ConnectError(`missing or wrong bearer token for the ${owner}; send Authorization: Bearer TOKEN`, Code.Unauthenticated);
}

/** @returns the token of `Authorization: Bearer ...`; "" if there is none */
function bearerOf(headers: Headers): string {
  return /^bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "";
}

/** Compares in constant time: the duration does not depend on where the two differ. */
function isSecret(token: string, secret: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(token), encoder.encode(secret)];
  return b.byteLength > 0 && a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}
