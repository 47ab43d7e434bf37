// Keys with which the gateway signs identities, and the file that has them on this machine.
import { createHash, generateKeyPairSync } from "node:crypto";
import type { IdentityKey } from "../../core/auth/identity/identity-keys.ts";

/** A new key. @param from epoch s from which on it signs */
export function newIdentityKey(from: number): IdentityKey {
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }) as { x: string; d: string };
  const [kty, crv] = ["OKP", "Ed25519"] as const;
  // RFC 7638, section 3: the required members in the order of their names.
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { kty, crv, x, d, kid, from };
}

/** The text of a `.dev.vars` with another value of one variable. @param value without quotes and line breaks */
export function withVariable(text: string, name: string, value: string): string {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith(`${name}=`));
  return `${[...lines, `${name}='${value}'`].join("\n")}\n`;
}
