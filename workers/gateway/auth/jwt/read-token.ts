// Reads the parts of a JWT before anything is verified: strictly, so that no other reader can see another token in the same text.
import { surveyJson } from "../../../../core/transcode/json-text.ts";

export const MAX_TOKEN_BYTES = 16_384;
const MAX_DEPTH = 32; // objects and lists within one another

/** The members of a token that choose how it is verified. Nothing of it is proven. */
export interface TokenParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Three parts in the alphabet of base64url: a compact JWS. Only its form. */
export function isCompactToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

/** @param token as `isCompactToken` has seen it @returns undefined where a part has another spelling, is no JSON object, or names a member twice */
export function readToken(token: string): TokenParts | undefined {
  const [head = "", body = "", signature = ""] = token.split(".");
  if (!isCanonical(signature)) return undefined;
  const [header, payload] = [objectIn(head), objectIn(body)];
  return header === undefined || payload === undefined ? undefined : { header, payload };
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  if (!isCanonical(part)) return undefined;
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const text = STRICT.decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
    if (surveyJson(text, MAX_DEPTH).kind === "invalid") return undefined;
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // no base64, no UTF-8 or no JSON
  }
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Whether the bits after the last byte are zero: else several texts would stand for the same bytes. @see RFC 4648, section 3.5 */
function isCanonical(part: string): boolean {
  const rest = part.length % 4;
  if (rest === 0) return true;
  const unused = rest === 2 ? 15 : 3;
  return rest !== 1 && (ALPHABET.indexOf(part.at(-1)!) & unused) === 0;
}
