// The section of the exchange with the public keys of issuers.
import type { JwkSet } from "../auth/jwt/public-key.ts";
import type { JwksSource } from "../config/auth/issuers.ts";

/** The directory of an agent that signs its requests (Web Bot Auth). */
export interface DirectorySource {
  readonly kind: "directory";
  readonly url: string;
}

/** What an isolate needs of one issuer. Plain data. */
export interface IssuerQuery {
  readonly source: Exclude<JwksSource, { readonly kind: "written" }> | DirectorySource;
  readonly refreshMs: number; // age after which the keys are fetched again
  readonly refetchMs: number; // shortest time between two fetches
  readonly known: string; // version that the isolate has; "" for none
  readonly missing?: string; // `kid` of a token that none of the known keys has
}

/** What a relay knows of one issuer. `ageMs`: time since the relay has requested these keys of the issuer. */
export type IssuerReply =
  | { readonly kind: "unchanged"; readonly version: string; readonly ageMs: number }
  | { readonly kind: "changed"; readonly version: string; readonly ageMs: number; readonly jwks: JwkSet };
