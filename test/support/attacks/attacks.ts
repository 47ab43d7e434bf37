// Attacks on identity, as data: what is sent, and why it is refused. Those on signed requests are in signature-attacks.ts.
import { AUDIENCE, ISSUER } from "../callers.ts";
import { base64url, claims, forged, RSA_JWK, RSA_PEM, STRANGER_JWK, signedBy, tokenOf } from "./lab.ts";

export const KINDS = [
  ...(["algorithm", "kid", "typ", "crit", "issuer and audience", "times", "encoding", "duplicates", "size"] as const),
  ...(["embedded keys", "scheme", "two credentials", "key tag", "forwarded headers"] as const),
];
export type AttackKind = (typeof KINDS)[number];

export interface Attack {
  readonly kind: AttackKind;
  readonly name: string;
  /** Header fields of the call. */
  readonly build: () => Promise<Readonly<Record<string, string>>>;
  /** `reason` of the log event `auth_refused`; "passes": the call is served, and the upstream gets none of the fields. */
  readonly reason: string;
}

type Token = () => Promise<string>;
const bearer = (token: Token) => async () => ({ authorization: `Bearer ${await token()}` });
const attack = (kind: AttackKind, reason: string, cases: Readonly<Record<string, Token>>): Attack[] =>
  Object.entries(cases).map(([name, token]) => ({ kind, name, reason, build: bearer(token) }));
const sent = (kind: AttackKind, reason: string, cases: Readonly<Record<string, Attack["build"]>>): Attack[] =>
  Object.entries(cases).map(([name, build]) => ({ kind, name, reason, build }));

const RS256 = { alg: "RS256", typ: "JWT", kid: "rsa-1" };
const right = () => signedBy();
const now = (): number => Math.floor(Date.now() / 1_000);
const parts = async (): Promise<[string, string, string]> => (await right()).split(".") as [string, string, string];
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const apiKey = (env: string, id = LETTERS.slice(10, 26), secret = LETTERS.slice(20, 52), tag = LETTERS.slice(0, 8)) =>
  `tg_${env}_${id}_${secret}${tag}`;

export const ATTACKS: readonly Attack[] = [
  ...attack("algorithm", "jwt_algorithm", {
    none: () => forged({ ...RS256, alg: "none" }, claims(), undefined),
    "none in other letters": () => forged({ ...RS256, alg: "NoNe" }, claims(), undefined),
    "the RSA public key as an HMAC secret, PEM": () => forged({ ...RS256, alg: "HS256" }, claims(), { hmac: RSA_PEM }),
    "the RSA public key as an HMAC secret, JWK": () => forged({ ...RS256, alg: "HS256" }, claims(), { hmac: JSON.stringify(RSA_JWK) }),
    "one that the issuer does not use": () => forged({ ...RS256, alg: "RS512" }, claims(), "rsa"),
    "an empty one": () => forged({ ...RS256, alg: "" }, claims(), "rsa"),
  }),
  ...attack("kid", "jwt_key_unknown", {
    "a path": () => signedBy({ kid: "../../../../dev/null" }),
    SQL: () => signedBy({ kid: "x' UNION SELECT 'key" }),
    "the name of a member of every object": () => signedBy({ kid: "__proto__" }),
    "an URL": () => signedBy({ kid: "https://evil.example/keys.json" }),
    "another case": () => signedBy({ kid: "RSA-1" }),
  }),
  ...attack("kid", "jwt_signature", {
    "a stranger's signature under a known one": () => forged({ alg: "ES256", typ: "JWT", kid: "test-1" }, claims(), "stranger"),
  }),
  ...attack("typ", "jwt_type", {
    "an ID token's": () => signedBy({ typ: "id+jwt" }),
    "a logout token's": () => signedBy({ typ: "logout+jwt" }),
    "the gateway's own": () => signedBy({ typ: "tidegate-identity+jwt" }),
    none: () => forged({ alg: "RS256", kid: "rsa-1" }, claims(), "rsa"),
    "a DPoP proof's": () => signedBy({ typ: "dpop+jwt" }),
  }),
  ...attack("crit", "jwt_critical_header", {
    "an unknown extension": () => signedBy({ crit: ["exp2"], exp2: 1 }),
    "a claim as an extension": () => signedBy({ crit: ["exp"], exp: 1 }),
    "an empty list": () => signedBy({ crit: [] }),
    "the payload not encoded": () => signedBy({ crit: ["b64"], b64: false }),
  }),
  ...attack("issuer and audience", "jwt_issuer_unknown", {
    "another issuer": () => signedBy({}, { iss: "https://evil.example" }),
    "the issuer with a slash": () => signedBy({}, { iss: `${ISSUER}/` }),
    "the issuer in capitals": () => signedBy({}, { iss: ISSUER.toUpperCase() }),
  }),
  ...attack("issuer and audience", "jwt_audience", {
    "another audience": () => signedBy({}, { aud: "https://other.example" }),
    "the audience as the start of another": () => signedBy({}, { aud: `${AUDIENCE}.evil.example` }),
    "a list without it": () => signedBy({}, { aud: ["a", "b"] }),
    "an empty list": () => signedBy({}, { aud: [] }),
  }),
  ...attack("times", "jwt_expired", {
    "over for a minute": () => signedBy({}, { exp: now() - 60 }),
    "over for longer than the skew": () => signedBy({}, { exp: now() - 10 }),
    "over since 1970": () => signedBy({}, { exp: 0 }),
  }),
  ...attack("times", "jwt_not_yet_valid", {
    "valid in a minute": () => signedBy({}, { nbf: now() + 60 }),
    "issued tomorrow": () => signedBy({}, { iat: now() + 86_400, exp: now() + 90_000 }),
  }),
  ...attack("encoding", "jwt_malformed", {
    "a header that is no JSON": async () => `${base64url("{alg:RS256}")}.${(await parts()).slice(1).join(".")}`,
    "a header in a list": async () => `${base64url("[]")}.${(await parts()).slice(1).join(".")}`,
  }),
  ...attack("encoding", "credential_malformed", {
    padding: async () => `${await right()}=`,
    "the header in other characters of base64": async () =>
      `${base64url('{"alg":"RS256","x":"???>>>"}').replaceAll("_", "/")}.${(await parts()).slice(1).join(".")}`,
    "two parts": async () => (await parts()).slice(0, 2).join("."),
    "five parts, as an encrypted token": async () => `${await right()}.x.y`,
  }),
  ...attack("duplicates", "jwt_malformed", {
    "alg twice": () => forged('{"alg":"none","alg":"RS256","typ":"JWT","kid":"rsa-1"}', claims(), "rsa"),
    "kid twice": () => forged('{"alg":"RS256","typ":"JWT","kid":"x","kid":"rsa-1"}', claims(), "rsa"),
    "sub twice": () => forged(RS256, `{"sub":"eve",${JSON.stringify(claims()).slice(1)}`, "rsa"),
    "exp twice": () => forged(RS256, `{"exp":1,${JSON.stringify(claims()).slice(1)}`, "rsa"),
  }),
  ...attack("size", "jwt_too_large", {
    "17 KiB of claims": () => signedBy({}, { x: "x".repeat(17_000) }),
    "17 KiB of header": () => signedBy({ x: "x".repeat(17_000) }),
    "20 KiB of signature": async () => `${(await parts()).slice(0, 2).join(".")}.${"A".repeat(20_000)}`,
    "17 KiB of key id": () => signedBy({ kid: "x".repeat(17_000) }),
  }),
  ...attack("embedded keys", "jwt_key_unknown", {
    "a stranger's jwk": () => forged({ alg: "ES256", typ: "JWT", kid: "evil", jwk: STRANGER_JWK }, claims(), "stranger"),
    "a jku": () => forged({ alg: "ES256", typ: "JWT", kid: "evil", jku: "https://evil.example/jwks.json" }, claims(), "stranger"),
    "an x5u": () => forged({ alg: "ES256", typ: "JWT", kid: "evil", x5u: "https://evil.example/cert.pem" }, claims(), "stranger"),
  }),
  ...attack("embedded keys", "jwt_signature", {
    "a stranger's jwk under a known id": () => forged({ alg: "ES256", typ: "JWT", kid: "test-1", jwk: STRANGER_JWK }, claims(), "stranger"),
  }),
  ...sent("scheme", "credential_scheme", {
    Basic: async () => ({ authorization: `Basic ${await right()}` }),
    Token: async () => ({ authorization: `Token ${await right()}` }),
    "one that begins with Bearer": async () => ({ authorization: `BearerX ${await right()}` }),
    "no scheme": async () => ({ authorization: await right() }),
  }),
  ...sent("two credentials", "two_credentials", {
    "a token and a key": async () => ({ authorization: `Bearer ${await right()}`, "x-api-key": apiKey("test") }),
    "a token and a key of another environment": async () => ({ authorization: `Bearer ${await right()}`, "x-api-key": apiKey("live") }),
    "a forged token and a key": async () => ({
      authorization: `Bearer ${await forged(RS256, claims(), "stranger")}`,
      "x-api-key": apiKey("test"),
    }),
    "two keys": async () => ({ authorization: `Bearer ${apiKey("test")}`, "x-api-key": apiKey("test", "0".repeat(16)) }),
  }),
  ...sent("key tag", "key_tag", {
    "made up": async () => ({ "x-api-key": apiKey("test") }),
    "of zeros": async () => ({ "x-api-key": apiKey("test", undefined, undefined, "00000000") }),
    "of another key": async () => ({ "x-api-key": apiKey("test", "0".repeat(16)) }),
    "as a bearer token": async () => ({ authorization: `Bearer ${apiKey("test")}` }),
  }),
  ...sent("forwarded headers", "passes", {
    "an identity": async () => ({
      authorization: `Bearer ${await right()}`,
      "tidegate-identity": base64url(JSON.stringify({ sub: "eve" })),
    }),
    "a user": async () => ({ authorization: `Bearer ${await right()}`, "x-forwarded-user": "eve", "x-remote-user": "eve" }),
    "an Access assertion": async () => ({
      authorization: `Bearer ${await right()}`,
      "cf-access-jwt-assertion": await tokenOf("eve"),
      "cf-access-authenticated-user-email": "eve@example.com",
    }),
    "a certificate": async () => ({ authorization: `Bearer ${await right()}`, "client-cert": ":MII=:", "x-ssl-client-cert": "MII" }),
    "an Access cookie": async () => ({ authorization: `Bearer ${await right()}`, cookie: `CF_Authorization=${await tokenOf("eve")}` }),
  }),
];
