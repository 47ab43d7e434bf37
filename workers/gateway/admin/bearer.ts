// The secret that calls to the gateway's own services bring.

/** @returns the token of `Authorization: Bearer ...`, "" where there is none */
export function bearerOf(headers: Headers): string {
  return /^bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "";
}

/** In a time that tells nothing of where they differ. An empty secret is no secret. */
export function isSecret(brought: string, secret: string): boolean {
  const [a, b] = [new TextEncoder().encode(brought), new TextEncoder().encode(secret)];
  return b.byteLength > 0 && a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}
