// The bearer token of a request.

const MAX_LENGTH = 1_024; // characters; a longer token is not compared

/** @param secret that the token must equal; an empty secret equals no token */
export function hasBearer(headers: Headers, secret: string): boolean {
  return isSecret(bearerOf(headers), secret);
}

/** @returns the token of `Authorization: Bearer ...`; "" if there is none */
export function bearerOf(headers: Headers): string {
  const value = headers.get("authorization");
  if (value === null || value.length > MAX_LENGTH) return "";
  return /^bearer (.+)$/i.exec(value)?.[1] ?? "";
}

/** Compares in constant time: the duration does not depend on where the two differ. */
function isSecret(token: string, secret: string): boolean {
  const encoder = new TextEncoder();
  const [a, b] = [encoder.encode(token), encoder.encode(secret)];
  return b.byteLength > 0 && a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}
