// The secrets with the keys of identities.
import { describe, expect, it } from "vitest";
import { identityKeys, identityProblems } from "../../../../../workers/gateway/auth/identity/keys.ts";
import { identityKey } from "../../../../support/identity.ts";

const POLICY = { name: "tidegate", keyBindings: ["KEY_A", "KEY_B"], claims: [] };
const one = await identityKey("one");
const two = await identityKey("two", 100);

describe("the keys of the configuration", () => {
  const KEY_A = JSON.stringify(one.jwk);
  it("are those of the secrets, in their order; the second need not be there", () => {
    expect(identityKeys(POLICY, { KEY_A, KEY_B: JSON.stringify(two.jwk) })).toEqual([one.jwk, two.jwk]);
    expect([identityKeys(POLICY, { KEY_A }), identityProblems(POLICY, { KEY_A })]).toEqual([[one.jwk], []]);
    expect([identityKeys(undefined, {}), identityProblems(undefined, {})]).toEqual([[], []]);
  });

  it("are a problem where a secret is missing, or is no key, and never shown", () => {
    const path = "auth.identity.keyBindings";
    expect(identityProblems(POLICY, {})).toEqual([
      expect.objectContaining({ path, found: "no secret of that name", missingSecret: "KEY_A" }),
    ]);
    for (const secret of ["{", "{}", 7, KEY_A.replace("Ed25519", "X25519")]) {
      const problems = identityProblems(POLICY, { KEY_A: secret, KEY_B: secret });
      expect(problems.map(({ found }) => found)).toEqual(
        ["A", "B"].map((n) => `a secret KEY_${n} that is no private Ed25519 key with kid and from`),
      );
      expect(JSON.stringify(problems)).not.toContain(one.jwk.d);
    }
  });
});
