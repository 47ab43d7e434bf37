// Content-Digest: hashes of a body as it is sent.
import { isInnerList } from "../../structured-fields/item.ts";
import { parseDictionary } from "../../structured-fields/parse.ts";

export type DigestAlgorithm = "SHA-256" | "SHA-512"; // names of Web Cryptography

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly value: Uint8Array;
}

const ALGORITHMS: ReadonlyMap<string, { readonly algorithm: DigestAlgorithm; readonly bytes: number }> = new Map([
  ["sha-512", { algorithm: "SHA-512", bytes: 64 }],
  ["sha-256", { algorithm: "SHA-256", bytes: 32 }],
]);
/** Longest field, characters: a few algorithms. */
const MAX_CHARACTERS = 1_024;

/**
 * The digests that a body has to have: all of the field that are known, each of which has to match. Other algorithms are left out, as a
 * recipient may (RFC 9530, section 2); the insecure ones of its registry are among them.
 *
 * @returns undefined where the field has no known algorithm, or is no dictionary of bytes of the right length
 */
export function parseContentDigest(text: string): readonly Digest[] | undefined {
  const members = text.length > MAX_CHARACTERS ? undefined : parseDictionary(text, "invalid");
  if (members === undefined) return undefined;
  const digests: Digest[] = [];
  for (const [name, member] of members) {
    const known = ALGORITHMS.get(name);
    if (isInnerList(member) || member.item.kind !== "bytes") return undefined;
    if (known === undefined) continue;
    if (member.item.value.byteLength !== known.bytes) return undefined;
    digests.push({ algorithm: known.algorithm, value: member.item.value });
  }
  return digests.length === 0 ? undefined : digests;
}
