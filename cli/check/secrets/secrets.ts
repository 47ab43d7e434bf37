// Finds values that look like secrets where everybody reads them who may see the repository: by known prefixes, by names, and by entropy.
// What is not surely one is left out: an alarm that is wrong is an alarm that nobody reads.

export interface SecretMatch {
  readonly kind: string; // "a private key"; never the value
}

/** Prefixes by which services mark their secrets. @see docs.github.com/code-security, "Supported secret scanning patterns" */
const KNOWN: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, "a private key"],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/, "an access key of AWS"],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{22,}\b/, "a token of GitHub"],
  [/\bglpat-[\w-]{20,}/, "a token of GitLab"],
  [/\b[sr]k_live_[A-Za-z0-9]{16,}\b|\bwhsec_[A-Za-z0-9+/=]{16,}/, "a secret of Stripe"],
  [/\bxox[abposr]-[\w-]{10,}|\bxapp-[\w-]{10,}/, "a token of Slack"],
  [/\bhooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/, "a webhook of Slack"],
  [/\bsk-(?:ant-|proj-)?[\w-]{20,}/, "an API key"],
  [/\bAIza[\w-]{35}\b/, "an API key of Google"],
  [/\bya29\.[\w-]{20,}/, "a token of Google"],
  [/\bGOCSPX-[\w-]{20,}/, "a client secret of Google"],
  [/\bnpm_[A-Za-z0-9]{36}\b/, "a token of npm"],
  [/\bSG\.[\w-]{16,}\.[\w-]{16,}/, "an API key of SendGrid"],
  [/\bSK[0-9a-f]{32}\b/, "an API key of Twilio"],
  [/\bdop_v1_[0-9a-f]{64}\b/, "a token of DigitalOcean"],
  [/\bhvs\.[\w-]{20,}/, "a token of Vault"],
  [/\bpypi-[\w-]{50,}/, "a token of PyPI"],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/, "a JSON Web Token"],
  [/\btg_[a-z0-9]{1,16}_[A-Za-z0-9_-]{20,}/, "an API key of this gateway"],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s:/@]{3,}@[^\s/]+/i, "a password in a URL"],
  [/\bAccountKey=[A-Za-z0-9+/=]{40,}/, "an account key of Azure"],
  [/\bBearer [A-Za-z0-9._~+/-]{20,}=*/, "a bearer token"],
  [/"d"\s*:\s*"[A-Za-z0-9_-]{43,}"/, "the private part of a key"],
];

/** Names of values that are secret: whole words of them, so that `KEYBOARD` and `TOKEN_BUCKET` are none. */
const SECRET_NAME =
  /(?:^|_)(?:SECRET|PASSWORD|PASSWD|PWD|PASSPHRASE|TOKEN|CREDENTIALS?|API_?KEY|PRIVATE_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|ACCESS_?KEY|AUTH_?KEY|MASTER_?KEY|SESSION_?KEY|HMAC|SALT|PEPPER|DSN|CONNECTION_?STRING)(?:_\w{1,10})?$/;
/** Names of what is known about a secret, and of its public part. */
const ABOUT =
  /(?:_|^)(?:PUBLIC|NAME|ID|URL|URI|HOST|HEADER|ISSUER|AUDIENCE|TTL|TYPE|FILE|PATH|PREFIX|LENGTH|BINDING|ALGORITHM|ENDPOINT|MS|SECONDS|ENABLED|LIMIT|BUCKET|COUNT|VERSION|EXPIRY|REGION|PUB)(?:_|$)/;
/** Values that name, count or describe something. */
const NO_SECRET =
  /^(?:true|false|\d{1,12}|https?:\/\/[^\s@]+|[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+|[A-Z][A-Z0-9_]*|[a-z]{1,12}|\$\{.*\}|<.*>|\*+|x+|.{0,5})$/;

/**
 * @param name  name of the variable or setting
 * @returns undefined for a value that is not surely a secret
 */
export function secretIn(name: string, value: string): SecretMatch | undefined {
  const known = KNOWN.find(([pattern]) => pattern.test(value));
  if (known !== undefined) return { kind: known[1] };
  const upper = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[-.]/g, "_")
    .toUpperCase();
  if (NO_SECRET.test(value) || ABOUT.test(upper)) return undefined;
  if (SECRET_NAME.test(upper)) return { kind: "a value under the name of a secret" };
  return looksRandom(value) ? { kind: "text that looks like a random key" } : undefined;
}

const MIN_LENGTH = 32; // characters
const MIN_BITS = 4; // Shannon entropy per character: hexadecimal has at most 4, base64 at most 6
const HEX = /^[0-9a-f]+$/i;
const ENCODED = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Long text of one alphabet, upper and lower case and digits mixed: no word, path, digest of a known length, UUID or public key of a known form. */
function looksRandom(value: string): boolean {
  if (value.length < MIN_LENGTH || value.length > 300 || !ENCODED.test(value)) return false;
  if (HEX.test(value)) return false; // ids of namespaces, accounts and digests are hexadecimal
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/\d/.test(value)) return false;
  if (/[a-z]{7,}|[A-Z]{7,}/.test(value)) return false; // words
  return entropy(value) >= MIN_BITS;
}

/** Bits per character. @see C. E. Shannon, "A Mathematical Theory of Communication" */
export function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / value.length) * Math.log2(count / value.length), 0);
}
