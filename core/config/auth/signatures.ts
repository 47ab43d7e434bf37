// Settings of signed requests (RFC 9421): the keys that callers sign with, and how repeated requests are found.
import * as v from "valibot";
import { REQUEST_COMPONENTS, type SignatureAlgorithm } from "../../auth/signature/signature-rules.ts";
import { ENFORCED, ENFORCEMENT_SHAPE, type Enforcement, enforcement, parseEnforcement } from "../enforcement.ts";
import { type Checks, join } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, choice, type InputOf, list, readByCode, secretName, setting, text, whole } from "../setting.ts";

const MAX_KEYS = 256;
const KEY_ID = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;
const PUBLIC_KEY_FIX = 'write the 32 bytes of the public key as base64url, "x" of its JWK';
const SCOPES_FIX = 'write scopes in a list, at most 32: ["users.read"]';
const FIELDS_FIX = 'write names of fields in a list, at most 16: ["content-type"]';

export const SIGNATURE_KEY_SETTINGS = block({
  algorithm: setting(
    choice(["hmac-sha256", "ed25519"] satisfies SignatureAlgorithm[]),
    undefined,
    "Algorithm of the key. What a request names in `alg` chooses nothing; where it differs, the request is refused.",
    { shownDefault: "required" },
  ),
  publicKey: setting(text(/^[A-Za-z0-9_-]{43}$/, PUBLIC_KEY_FIX, "base64url"), undefined, "Public key of `ed25519`, `x` of its JWK.", {
    shownDefault: "required for `ed25519`",
  }),
  secretBinding: setting(
    secretName("PARTNER_KEY"),
    undefined,
    "Secret of `hmac-sha256`: the name of a Worker secret with 32 to 128 bytes as base64 (`openssl rand -base64 32 | wrangler secret put PARTNER_KEY`).",
    { shownDefault: "required for `hmac-sha256`" },
  ),
  name: setting(
    text(KEY_ID, "write a name of 1 to 256 printable characters", "name"),
    undefined,
    "Who signs: the principal is `service:<name>`. Two keys of one name are one caller, so that a key can be replaced without a gap.",
    { shownDefault: "the key id" },
  ),
  scopes: setting(list(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/, SCOPES_FIX), 32, SCOPES_FIX, "scopes"), [], "Scopes of the caller."),
});

export const SIGNATURE_SETTINGS = block({
  keys: readByCode(v.record(v.string(), SIGNATURE_KEY_SETTINGS), `Keys by their id (\`keyid\`), at most ${MAX_KEYS}.`, {
    shape: "the fields below, by key id",
    shownDefault: "required",
  }),
  windowSeconds: setting(
    whole(10, 300, "s"),
    300,
    "Age up to which a signature counts. `created` is required, and may be 30 s ahead of the clock of the gateway.",
  ),
  replay: setting(
    choice(["isolate", "strict"]),
    "isolate",
    "Where nonces are remembered. `isolate`: in the isolate, where a request brings one; another isolate accepts it again. `strict`: each signature needs a nonce, and the call waits for one question to the object `NonceLog`.",
  ),
  digest: readByCode(
    enforcement(),
    "Whether the body has to be the one that was signed ([dry run](dry-run.md)). In mode `report` a call with another body goes on as an anonymous one; `off` compares nothing: a signature then covers no body.",
    { shape: ENFORCEMENT_SHAPE, shownDefault: '`"enforce"`' },
  ),
  fields: setting(
    list(v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/, FIELDS_FIX)), 16, FIELDS_FIX, "names of fields"),
    [],
    `Fields that each signature has to cover, beside ${REQUEST_COMPONENTS.map((name) => `\`${name}\``).join(", ")}, and \`content-digest\` of a body.`,
  ),
});

export type SignaturesInput = InputOf<typeof SIGNATURE_SETTINGS>;

/** A key that callers sign with. */
export type SignatureKeyPolicy = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[]; // sorted, each once
} & (
  | { readonly algorithm: "hmac-sha256"; readonly secretBinding: string }
  | { readonly algorithm: "ed25519"; readonly publicKey: string } // base64url
);

export type ReplayMode = "isolate" | "strict";

export interface SignaturesPolicy {
  readonly keys: ReadonlyMap<string, SignatureKeyPolicy>;
  readonly windowMs: number;
  readonly replay: ReplayMode;
  readonly digest: Enforcement; // whether bodies have to be those that were signed
  readonly fields: readonly string[];
}

/** @returns undefined where nothing is written */
export function parseSignatures(check: Checks, path: string, value: unknown): SignaturesPolicy | undefined {
  if (value === undefined) return undefined;
  const { keys, windowSeconds, replay, digest: written, fields } = readBlock(check, path, SIGNATURE_SETTINGS, value);
  const entries = check.entries(join(path, "keys"), keys);
  if (entries.length === 0 || entries.length > MAX_KEYS)
    check.report(join(path, "keys"), keys, `write 1 to ${MAX_KEYS} keys: { "partner-1": { algorithm: "ed25519", publicKey: "..." } }`);
  const parsed = entries.flatMap(([id, settings]) => parseKey(check, `${join(path, "keys")}[${JSON.stringify(id)}]`, id, settings));
  const digest = parseEnforcement(check, join(path, "digest"), written, ENFORCED);
  return { keys: new Map(parsed.map((key) => [key.id, key])), windowMs: windowSeconds * 1_000, replay, digest, fields };
}

function parseKey(check: Checks, path: string, id: string, value: unknown): SignatureKeyPolicy[] {
  const { algorithm, publicKey, secretBinding, name = id, scopes } = readBlock(check, path, SIGNATURE_KEY_SETTINGS, value);
  if (!KEY_ID.test(id)) check.report(path, id, 'write a key id of 1 to 256 printable characters without " and \\');
  const facts = { id, name, scopes: [...new Set(scopes)].sort() };
  if (algorithm === undefined) check.report(`${path}.algorithm`, algorithm, 'write "hmac-sha256" or "ed25519"');
  if (algorithm === "ed25519") {
    if (secretBinding !== undefined) check.report(`${path}.secretBinding`, secretBinding, "remove it: ed25519 needs a public key only");
    if (publicKey === undefined) check.report(`${path}.publicKey`, publicKey, PUBLIC_KEY_FIX);
    else return [{ ...facts, algorithm, publicKey }];
  }
  if (algorithm === "hmac-sha256") {
    if (publicKey !== undefined) check.report(`${path}.publicKey`, publicKey, "remove it: hmac-sha256 has a secret only");
    if (secretBinding === undefined)
      check.report(`${path}.secretBinding`, secretBinding, 'write the name of a Worker secret: "PARTNER_KEY"');
    else return [{ ...facts, algorithm, secretBinding }];
  }
  return [];
}
