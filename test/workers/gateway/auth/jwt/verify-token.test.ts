// Verification of JWTs: every reason for which one is refused, and that nothing in it chooses how it is verified.
import { exportJWK, generateKeyPair, importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { principalOf } from "../../../../../core/auth/jwt/claims.ts";
import type { IssuerPolicy } from "../../../../../core/config/auth/issuers.ts";
import { type IssuerKeys, KeySet, writtenKeys } from "../../../../../workers/gateway/auth/jwt/key-set.ts";
import { VerifiedTokens } from "../../../../../workers/gateway/auth/jwt/verified-tokens.ts";
import { verifyToken } from "../../../../../workers/gateway/auth/jwt/verify-token.ts";
import { AUDIENCE, ISSUER, JWKS, PUBLIC, tokenOf } from "../../../../support/callers.ts";

const NOW = 1_800_000_000_000;
const SECONDS = NOW / 1_000;

const POLICY: IssuerPolicy = {
  ...{ issuer: ISSUER, audiences: [AUDIENCE, "other"], algorithms: ["ES256", "RS256"], types: ["jwt", "at+jwt"], skewSeconds: 5 },
  ...{ source: { kind: "written", jwks: JWKS }, refreshMs: 1, refetchMs: 1, maxStaleMs: 1 },
};

function verifier(more: Partial<IssuerPolicy> = {}, keys: IssuerKeys = writtenKeys(JWKS)) {
  const verified = new VerifiedTokens();
  const issuers = new Map([[ISSUER, { policy: { ...POLICY, ...more }, keys, principalOf }]]);
  return { verified, verify: (token: string, now = NOW) => Promise.resolve(verifyToken(token, issuers, verified, now, now + 1_000)) };
}

const { verify } = verifier();
const reasonOf = async (token: string, by = verify) => ((await by(token)) as { reason?: string }).reason;
const withHeader = (header: object) => tokenOf("ada", {}, header);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const payload = { iss: ISSUER, aud: AUDIENCE, sub: "ada", exp: SECONDS + 60 };

it("proves the caller of a token that is right", async () => {
  expect(await verify(await tokenOf("ada", { scope: "b a" }))).toMatchObject({ kind: "user", id: `${ISSUER}#ada`, scopes: ["a", "b"] });
  for (const header of [{ typ: "at+jwt" }, { typ: "application/AT+JWT" }, { kid: undefined }])
    expect(await reasonOf(await withHeader(header))).toBeUndefined();
  for (const aud of ["other", ["x", "other"]]) expect(await reasonOf(await tokenOf("ada", { aud }))).toBeUndefined();
});

it("verifies a signature once", async () => {
  const { verify: by, verified } = verifier();
  const token = await tokenOf("ada");
  const proof = await by(token);
  expect(verified.get(token, NOW)).toBe(proof);
  await by(`${token.slice(0, -4)}AAAA`);
  expect(verified.size).toBe(1);
});

describe("algorithms", () => {
  it.each(["none", "NoNe", "NONE", "HS256", "ES384", "EdDSA", "es256", "", 7, null, ["ES256"]])(
    "A01: refuses the algorithm %j",
    async (alg) => {
      expect(await reasonOf(`${part({ alg, typ: "JWT", kid: "test-1" })}.${part(payload)}.`)).toBe("jwt_algorithm");
    },
  );

  it("A02: verifies no HMAC that was made with the public key", async () => {
    const hmac = verifier({ algorithms: ["HS256", "ES256"] }).verify; // no configuration allows it: the core refuses it as well
    for (const secret of [JSON.stringify(PUBLIC), JSON.stringify(JWKS.keys[0]), PUBLIC.x]) {
      const token = new SignJWT(payload).setProtectedHeader({ alg: "HS256", typ: "JWT", kid: "test-1" });
      expect(await reasonOf(await token.sign(new TextEncoder().encode(secret)), hmac)).toBe("jwt_signature");
    }
  });

  it("verifies no key of one kind by the algorithm of another", async () => {
    const text = `${part({ alg: "RS256", typ: "JWT", kid: "test-1" })}.${part(payload)}`;
    expect(await reasonOf(`${text}.${"A".repeat(342)}`)).toBe("jwt_key_unknown");
  });
});

describe("keys", () => {
  it.each(["test-2", "TEST-1", "test-1 ", "../test-1", "' OR 1=1 --", "a".repeat(257), "", 7, null, { toString: "test-1" }])(
    "knows no key %j",
    async (kid) =>
      expect(await reasonOf(await withHeader({ kid }).catch(() => `${part({ alg: "ES256", typ: "JWT", kid })}.${part(payload)}.AA`))).toBe(
        "jwt_key_unknown",
      ),
  );

  it("A04: uses none that the token brings or names", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(publicKey);
    const sign = (header: object) =>
      new SignJWT(payload).setProtectedHeader({ alg: "ES256", typ: "JWT", ...header } as JWTHeaderParameters).sign(privateKey);
    for (const header of [
      { jwk },
      { jwk, kid: "test-1" },
      { jku: "https://evil.test/keys" },
      { x5u: "https://evil.test/c" },
      { x5c: ["AA"] },
    ])
      expect(await reasonOf(await sign(header))).toBe("jwt_signature");
    expect(await reasonOf(await withHeader({ jwk, jku: "https://evil.test/keys" }))).toBeUndefined(); // signed by the known key
  });

  it("are none where several match and the token names none", async () => {
    const two = { keys: [JWKS.keys[0]!, { ...JWKS.keys[0]!, kid: "test-2" }] };
    const by = verifier({}, writtenKeys(two)).verify;
    expect(await reasonOf(await withHeader({ kid: undefined }), by)).toBe("jwt_key_unknown");
    expect(await reasonOf(await withHeader({ kid: "test-2" }), by)).toBeUndefined();
  });

  it("are requested once where they are missing, and then decide", async () => {
    const requested: (string | undefined)[] = [];
    let keySet: KeySet | undefined;
    const keys: IssuerKeys = {
      current: () => keySet,
      request: async (kid) => {
        requested.push(kid);
        if (requested.length > 1) keySet = new KeySet(JWKS);
      },
    };
    const by = verifier({}, keys).verify;
    const token = await tokenOf("ada");
    expect(await by(token)).toEqual({ kind: "unavailable", reason: "jwt_keys_unavailable" });
    keySet = new KeySet({ keys: [{ ...JWKS.keys[0]!, kid: "old" }] });
    expect(await reasonOf(token, by)).toBeUndefined();
    keySet = new KeySet({ keys: [{ ...JWKS.keys[0]!, kid: "new" }] });
    expect(await reasonOf(await tokenOf("bob"), by)).toBeUndefined(); // requested by its name, and there now
    expect(requested).toEqual([undefined, "test-1", "test-1"]);
    await verifier({}, keys).verify(`${part({ alg: "ES256", typ: "JWT", kid: "x" })}.${part({ ...payload, exp: 1 })}.AA`);
    expect(requested).toHaveLength(3); // a token that cannot count requests none
  });
});

describe("types and critical headers", () => {
  it.each([undefined, "", "jwt+x", "text/jwt", "application/a/jwt", "secevent+jwt"])("refuses the type %j", async (typ) => {
    expect(await reasonOf(await withHeader({ typ }))).toBe("jwt_type");
  });

  it("takes a token without a type only where that is configured", async () => {
    expect(await reasonOf(await withHeader({ typ: undefined }), verifier({ types: ["none"] }).verify)).toBeUndefined();
    expect(await reasonOf(`${part({ alg: "ES256", typ: 7 })}.${part(payload)}.AA`)).toBe("jwt_malformed");
  });

  it.each([{ crit: ["exp"] }, { crit: [] }, { crit: "b64" }, { crit: ["b64"], b64: false }, { b64: true }])(
    "refuses %j",
    async (header) => {
      expect(await reasonOf(`${part({ alg: "ES256", typ: "JWT", kid: "test-1", ...header })}.${part(payload)}.AA`)).toBe(
        "jwt_critical_header",
      );
    },
  );
});

describe("A07: issuer, audience and subject", () => {
  it.each([
    [{ iss: undefined }, "jwt_claim_missing"],
    [{ iss: `${ISSUER}/` }, "jwt_issuer_unknown"],
    [{ iss: "https://ID.test" }, "jwt_issuer_unknown"],
    [{ iss: [ISSUER] as never }, "jwt_issuer_unknown"],
    [{ iss: "__proto__" }, "jwt_issuer_unknown"],
    [{ aud: undefined }, "jwt_claim_missing"],
    [{ aud: "https://gateway.example/" }, "jwt_audience"],
    [{ aud: [] }, "jwt_audience"],
    [{ aud: [[AUDIENCE]] as never }, "jwt_audience"],
    [{ aud: { 0: AUDIENCE } as never }, "jwt_audience"],
    [{ sub: undefined }, "jwt_claim_missing"],
    [{ sub: "" }, "jwt_claim_missing"],
    [{ sub: "a".repeat(256) }, "jwt_claim_invalid"],
  ])("refuses %j: %s", async (claims, reason) => expect(await reasonOf(await tokenOf("ada", claims as JWTPayload))).toBe(reason));
});

describe("A06: times", () => {
  it("A05: refuses a token that does not say until when it counts", async () => {
    expect(await reasonOf(await tokenOf("ada", { exp: undefined } as never))).toBe("jwt_claim_missing");
  });

  it.each([
    [{ exp: undefined }, "jwt_claim_missing"],
    [{ exp: SECONDS - 30 }, "jwt_expired"],
    [{ exp: SECONDS - 5 }, "jwt_expired"],
    [{ exp: SECONDS - 4 }, undefined],
    [{ nbf: SECONDS + 60 }, "jwt_not_yet_valid"],
    [{ nbf: SECONDS + 6 }, "jwt_not_yet_valid"],
    [{ nbf: SECONDS + 5 }, undefined],
    [{ iat: SECONDS + 6 }, "jwt_not_yet_valid"],
    [{ iat: SECONDS + 5, nbf: SECONDS - 1 }, undefined],
    [{ exp: String(SECONDS + 60) as never }, "jwt_claim_invalid"],
    [{ exp: null as never }, "jwt_claim_invalid"],
    [{ exp: -1 }, "jwt_claim_invalid"],
    [{ exp: 1e12 }, "jwt_claim_invalid"],
    [{ nbf: "0" as never }, "jwt_claim_invalid"],
    [{ iat: "0" as never }, "jwt_claim_invalid"],
  ])("of %j: %s", async (claims, reason) => expect(await reasonOf(await tokenOf("ada", claims as JWTPayload))).toBe(reason));

  it("has no more skew than is configured", async () => {
    const by = verifier({ skewSeconds: 30 }).verify;
    expect(await reasonOf(await tokenOf("ada", { exp: SECONDS - 30 }), by)).toBe("jwt_expired");
    expect(await reasonOf(await tokenOf("ada", { exp: SECONDS - 29 }), by)).toBeUndefined();
    expect(await reasonOf(await tokenOf("ada", { exp: SECONDS }), verifier({ skewSeconds: 0 }).verify)).toBe("jwt_expired");
  });
});

describe("size and signature", () => {
  it("reads no token above 16 KiB", async () => {
    const padded = async (length: number) => {
      const token = await tokenOf("ada", { pad: "" });
      return tokenOf("ada", { pad: "x".repeat(Math.floor(((length - token.length) * 3) / 4)) });
    };
    const [most, more] = [await padded(16_380), await padded(16_390)];
    expect([most.length <= 16_384, more.length > 16_384]).toEqual([true, true]);
    expect([await reasonOf(most), await reasonOf(more)]).toEqual([undefined, "jwt_too_large"]);
  });

  it("refuses what was changed after it was signed, in each part", async () => {
    const [head = "", body = "", signature = ""] = (await tokenOf("ada")).split(".");
    const other = (await tokenOf("eve")).split(".");
    for (const token of [`${head}.${other[1]}.${signature}`, `${head}.${body}.${other[2]}`, `${head}.${body}.`, `${head}.${body}.AAAA`])
      expect(await reasonOf(token)).toBe("jwt_signature");
    expect(await reasonOf(`${part({ alg: "ES256", typ: "at+jwt", kid: "test-1" })}.${body}.${signature}`)).toBe("jwt_signature");
  });

  it("refuses what can be read in two ways", async () => {
    const [head = "", body = "", signature = ""] = (await tokenOf("ada")).split(".");
    for (const token of [`${head}.${body}.${signature.slice(0, -1)}-`, `${head}A.${body}.${signature}`, `e30.W10.${signature}`])
      expect(await reasonOf(token)).toBe("jwt_malformed");
  });

  it("takes the other algorithms that are configured, too", async () => {
    for (const alg of ["EdDSA", "RS256", "PS512"]) {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const jwk = { ...(await exportJWK(publicKey)), kid: "k", kty: (await exportJWK(publicKey)).kty! };
      const by = verifier({ algorithms: [alg] }, writtenKeys({ keys: [jwk] })).verify;
      const token = await new SignJWT(payload).setProtectedHeader({ alg, typ: "JWT", kid: "k" }).sign(privateKey);
      expect(await reasonOf(token, by)).toBeUndefined();
      expect(await importJWK(jwk, alg)).toBeDefined();
    }
  });
});
