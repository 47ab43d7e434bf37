// The keys that an agent publishes in its directory (Web Bot Auth).
import { encodePiece } from "../../protocol/base64-pieces.ts";
import { type Published, publicKeysIn } from "../jwt/jwks.ts";
import type { Jwk, JwkSet } from "../jwt/public-key.ts";
import { asciiBytes, sha256 } from "../sha256.ts";

/** Largest directory that is read, bytes. */
export const MAX_DIRECTORY_BYTES = 65_536;
const MAX_KEYS = 16;
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;

/** @param origin as `directoryUrl` returns it @see draft-ietf-webbotauth-httpsig-protocol */
export function directoryPath(origin: string): string {
  return `${origin}/.well-known/http-message-signatures-directory`;
}

/** The Ed25519 keys of a directory, each with its thumbprint as `kid`, whatever the directory calls it. @param published parsed JSON */
export function directoryKeysIn(published: unknown): Published<JwkSet> {
  const all = publicKeysIn(published);
  if (all.kind === "invalid") return all;
  const usable = all.value.keys.filter(isEd25519).map(({ kty, crv, x }): Jwk => ({ kty, crv, x, kid: thumbprintOf(x) }));
  if (usable.length === 0) return { kind: "invalid", problem: "has no Ed25519 key" };
  if (usable.length > MAX_KEYS) return { kind: "invalid", problem: `has more than ${MAX_KEYS} Ed25519 keys` };
  return { kind: "ok", value: { keys: usable } };
}

function isEd25519(key: Jwk): key is Jwk & { readonly crv: "Ed25519"; readonly x: string } {
  return key.kty === "OKP" && key["crv"] === "Ed25519" && typeof key["x"] === "string" && COORDINATE.test(key["x"]);
}

/** The SHA-256 thumbprint of an Ed25519 key, base64url. @param x of the key @see RFC 7638; RFC 8037, appendix A.3 */
export function thumbprintOf(x: string): string {
  const hash = sha256(asciiBytes(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`));
  const base64 = Array.from(encodePiece(hash), (code) => String.fromCharCode(code)).join("");
  return base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
