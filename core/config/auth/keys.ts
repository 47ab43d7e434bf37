// Settings of API keys: which keys count, where callers send them, and how recent the view of revocations is.
import * as v from "valibot";
import { type Checks, join } from "../problems.ts";
import { readBlock } from "../read.ts";
import { block, headerName, type InputOf, list, type PolicyOf, required, secretName, setting, text, whole } from "../setting.ts";

const ENV_FIX = 'write 1 to 16 small letters and digits: "live"';
const SECRETS_FIX = 'write the names of 1 to 4 secrets, the current one first: ["KEY_TAG_SECRET_2", "KEY_TAG_SECRET_1"]';
const PREFIXES_FIX = 'write prefixes of at least 3 letters, digits, - and _ in a list, at most 10: ["sk_live_"]; not "tg_"';
/** Headers that mean something else, or that proxies write. */
const RESERVED = new Set(["authorization", "cookie", "host", "content-type", "content-length"]);

export const KEY_SETTINGS = block({
  env: required(text(/^[a-z0-9]{1,16}$/, ENV_FIX, "name"), "Environment in the keys: `tg_<env>_...`. Keys of another one are refused."),
  tagSecrets: required(
    v.pipe(list(secretName("KEY_TAG_SECRET_1"), 4, SECRETS_FIX, "names of secrets"), v.minLength(1, SECRETS_FIX)),
    "Secrets, at least 32 characters each, that sign keys, so that made-up keys are refused without a lookup. The first one signs; put a new one before it, and remove the old one when the keys that it has signed are rolled.",
  ),
  tokenBinding: setting(
    secretName("KEYS_TOKEN"),
    undefined,
    "Deprecated: use `admin` at the top, which has one credential for all admin services, and roles. Secret, at least 32 characters, that calls of `tidegate.keys.v1.KeyService` send as bearer token. The service is served where this or `admin` is there.",
    { shownDefault: "none" },
  ),
  header: setting(headerName, undefined, "Header that may have the key instead of `Authorization: Bearer`.", { shownDefault: "none" }),
  importedPrefixes: setting(
    list(text(/^(?!tg_)[A-Za-z0-9_-]{3,32}$/, PREFIXES_FIX), 10, PREFIXES_FIX, "texts"),
    [],
    "How imported keys of another system start. They have no tag: each made-up one costs a lookup, within the limit of failed authentications.",
  ),
  revocationMaxAgeMs: setting(
    whole(1_000, 600_000, "ms"),
    10_000,
    "Age of the view of revocations up to which a cached key counts. With an older one the call waits for the relay of its region.",
  ),
  maxStaleMs: setting(
    whole(1_000, 3_600_000, "ms"),
    60_000,
    "Age of the view up to which cached keys count while the relay does not respond; then calls with keys get `unavailable`.",
  ),
  waitMs: setting(whole(1, 10_000, "ms"), 2_000, "How long a call waits for the relay."),
  cacheBytes: setting(whole(65_536, 67_108_864, "bytes"), 4_194_304, "Memory for keys in an isolate, about 1 KB each."),
});

export type KeysInput = InputOf<typeof KEY_SETTINGS>;
export interface KeysPolicy extends PolicyOf<typeof KEY_SETTINGS> {}

/** @returns undefined where the block is not written */
export function parseKeys(check: Checks, path: string, value: unknown): KeysPolicy | undefined {
  if (value === undefined) return undefined;
  const policy = readBlock(check, path, KEY_SETTINGS, value);
  const { header, maxStaleMs, revocationMaxAgeMs } = policy;
  if (header !== undefined && RESERVED.has(header)) check.report(join(path, "header"), header, 'write a header of its own: "x-api-key"');
  if (maxStaleMs < revocationMaxAgeMs)
    check.report(join(path, "maxStaleMs"), maxStaleMs, `write at least ${revocationMaxAgeMs}, which is revocationMaxAgeMs`);
  return policy;
}
