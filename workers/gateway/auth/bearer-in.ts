// The token of `Authorization: Bearer`, as RFC 6750 writes it.

/** @param authorization value of the header @returns undefined for another scheme, and for anything beside one token */
export function bearerIn(authorization: string | null): string | undefined {
  return authorization === null ? undefined : /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1];
}
