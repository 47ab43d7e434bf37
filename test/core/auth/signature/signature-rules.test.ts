// What a signature has to say of itself.
import { describe, expect, it } from "vitest";
import { checkSignatureRules, REQUEST_COMPONENTS, type SignatureRules } from "../../../../core/auth/signature/signature-rules.ts";
import { parseDictionary } from "../../../../core/structured-fields/parse.ts";

const NOW = 1_700_000_000_000;
const S = NOW / 1_000;
const RULES: SignatureRules = { required: REQUEST_COMPONENTS, windowMs: 300_000, tag: undefined, needsNonce: false };
const ALL = '"@method" "@authority" "@path" "@query"';

function check(list: string, rules: Partial<SignatureRules> = {}, hasBody = false) {
  const member = parseDictionary(`s=${list}`)!.get("s")!;
  if (!("items" in member)) throw new Error("no list");
  return checkSignatureRules(member.items, member.parameters, { ...RULES, ...rules }, hasBody, NOW);
}

describe("a signature", () => {
  it("gives key, algorithm, nonce and end", () => {
    expect(check(`(${ALL});created=${S};keyid="k";nonce="n";alg="ed25519"`)).toEqual({
      ...{ keyId: "k", algorithm: "ed25519", nonce: "n" },
      endsAt: NOW + 300_000,
    });
    expect(check(`(${ALL});created=${S};keyid="k"`)).toMatchObject({ algorithm: undefined, nonce: undefined });
  });

  it.each(REQUEST_COMPONENTS)("has to cover %s", (name) => {
    const some = REQUEST_COMPONENTS.filter((other) => other !== name).map((other) => `"${other}"`);
    expect(check(`(${some.join(" ")});created=${S};keyid="k"`)).toBe("signature_component_missing");
    expect(check(`(${some.join(" ")} "${name}";req);created=${S};keyid="k"`)).toBe("signature_component_missing");
  });

  it("has to cover the digest of a body, whole", () => {
    expect(check(`(${ALL});created=${S};keyid="k"`, {}, true)).toBe("signature_component_missing");
    expect(check(`(${ALL} "content-digest";key="sha-256");created=${S};keyid="k"`, {}, true)).toBe("signature_component_missing");
    expect(check(`(${ALL} "content-digest");created=${S};keyid="k"`, {}, true)).toMatchObject({ keyId: "k" });
  });

  it.each([
    [`created=${S - 299}`, NOW + 1_000],
    [`created=${S - 300}`, "signature_expired"],
    [`created=${S + 30}`, NOW + 330_000],
    [`created=${S + 31}`, "signature_created_future"],
    [`created=${S};expires=${S + 1}`, NOW + 1_000],
    [`created=${S};expires=${S}`, "signature_expired"],
    [`created=${S};expires=${S + 86_400}`, NOW + 300_000],
    [`created=${S};expires="x"`, "signature_malformed"],
    [`expires=${S + 1}`, "signature_created_missing"],
    [`created="${S}"`, "signature_created_missing"],
    [`created=${S}.5`, "signature_created_missing"],
    [`created=@${S}`, "signature_created_missing"],
  ])("with %s ends at %s", (times, expected) => {
    const facts = check(`(${ALL});${times};keyid="k"`);
    expect(facts).toEqual(typeof expected === "string" ? expected : expect.objectContaining({ endsAt: expected }));
  });

  it.each([
    ["", {}, "signature_key_missing"],
    [';keyid=""', {}, "signature_key_missing"],
    [";keyid=k", {}, "signature_key_missing"],
    [`;keyid="${"k".repeat(257)}"`, {}, "signature_key_missing"],
    [';keyid="k";nonce=1', {}, "signature_malformed"],
    [`;keyid="k";nonce="${"n".repeat(257)}"`, {}, "signature_malformed"],
    [';keyid="k"', { needsNonce: true }, "signature_nonce_missing"],
    [';keyid="k";nonce=""', { needsNonce: true }, "signature_nonce_missing"],
    [';keyid="k";alg=ed25519', {}, "signature_algorithm"],
    [';keyid="k"', { tag: "web-bot-auth" }, "signature_tag"],
    [';keyid="k";tag="other"', { tag: "web-bot-auth" }, "signature_tag"],
    [';keyid="k";tag=web-bot-auth', { tag: "web-bot-auth" }, "signature_tag"],
  ])("with %s under %j is refused: %s", (parameters, rules, reason) => {
    expect(check(`(${ALL});created=${S}${parameters}`, rules)).toBe(reason);
  });

  it("may have a tag, and a key id and a nonce of 256 characters", () => {
    const text = "k".repeat(256);
    expect(check(`(${ALL});created=${S};keyid="${text}";nonce="${text}"`, { needsNonce: true })).toMatchObject({
      keyId: text,
      nonce: text,
    });
    expect(check(`(${ALL});created=${S};keyid="k";tag="web-bot-auth"`, { tag: "web-bot-auth" })).toMatchObject({ keyId: "k" });
    expect(check(`(${ALL});created=${S};keyid="k";tag="any"`)).toMatchObject({ keyId: "k" });
  });
});
