// Verified tokens: how long each counts, and how much memory they take.
import { describe, expect, it } from "vitest";
import { type IssuerKeys, KeySet } from "../../../../../workers/gateway/auth/jwt/key-set.ts";
import { VerifiedTokens } from "../../../../../workers/gateway/auth/jwt/verified-tokens.ts";
import { JWKS, principalNamed } from "../../../../support/callers.ts";

const [KEY] = JWKS.keys;
const ADA = principalNamed("ada", { expiresAt: 1_000 });

/** Keys that a test replaces. */
function keysFrom(...first: object[]) {
  const setOf = (keys: readonly object[]) => new KeySet({ keys: keys as never });
  let current: KeySet | undefined = setOf(first);
  const keys: IssuerKeys = { current: () => current, request: () => undefined };
  const replace = (...next: object[]) => {
    current = next.length === 0 ? undefined : setOf(next);
  };
  return { keys, get: () => current!, replace };
}

function withToken(kid?: string, ...keys: object[]) {
  const source = keysFrom(...(keys.length === 0 ? [KEY!] : keys));
  const tokens = new VerifiedTokens();
  tokens.add("t", ADA, source.keys, kid, source.get());
  return { ...source, tokens };
}

it("counts until the token expires, and not one millisecond longer", () => {
  const { tokens } = withToken("test-1");
  expect(tokens.get("t", 999)).toBe(ADA);
  expect([tokens.get("other", 0), tokens.get("t", 1_000), tokens.size, tokens.bytes]).toEqual([undefined, undefined, 0, 0]);
});

describe("ends with its key", () => {
  it("where that is no longer among the keys, or is another one of the same name", () => {
    for (const next of [[{ ...KEY, kid: "2" }], [{ ...KEY, x: "AA" }], [KEY!, { ...KEY, x: "AA" }]]) {
      const { tokens, replace } = withToken("test-1");
      replace(...next);
      expect([tokens.get("t", 0), tokens.size]).toEqual([undefined, 0]);
    }
  });

  it("not where other keys come or go", () => {
    const { tokens, replace } = withToken("test-1");
    replace({ ...KEY, kid: "2" }, KEY!);
    expect(tokens.get("t", 0)).toBe(ADA);
    replace(KEY!);
    expect(tokens.get("t", 0)).toBe(ADA);
  });

  it("where the token names no key, with any change of them", () => {
    const { tokens, replace } = withToken(undefined);
    replace({ ...KEY });
    expect(tokens.get("t", 0)).toBe(ADA);
    replace(KEY!, { ...KEY, kid: "2" });
    expect(tokens.get("t", 0)).toBeUndefined();
  });

  it("where no keys count any more", () => {
    const { tokens, replace } = withToken("test-1");
    replace();
    expect(tokens.get("t", 0)).toBeUndefined();
  });
});

describe("memory", () => {
  const source = keysFrom(KEY!);
  const EACH = 1_024 + 6 * 100;
  const nameOf = (n: number) => String(n).padStart(100, "0");
  const fill = (tokens: VerifiedTokens, count: number) => {
    for (let n = 0; n < count; n++) tokens.add(nameOf(n), ADA, source.keys, "test-1", source.get());
  };

  it("is bounded: the token that was not used for the longest time is dropped", () => {
    const tokens = new VerifiedTokens(3 * EACH);
    fill(tokens, 3);
    expect([tokens.size, tokens.bytes]).toEqual([3, 3 * EACH]);
    expect(tokens.get(nameOf(0), 0)).toBe(ADA);
    tokens.add(nameOf(3), ADA, source.keys, "test-1", source.get());
    expect([0, 1, 2, 3].map((n) => tokens.get(nameOf(n), 0) !== undefined)).toEqual([true, false, true, true]);
    expect(tokens.bytes).toBe(3 * EACH);
  });

  it("counts a token that is added again once, and no token that is larger than all of it", () => {
    const tokens = new VerifiedTokens(EACH);
    fill(tokens, 1);
    fill(tokens, 1);
    expect([tokens.size, tokens.bytes]).toEqual([1, EACH]);
    tokens.add("x".repeat(101), ADA, source.keys, "test-1", source.get());
    expect([tokens.size, tokens.bytes]).toEqual([1, EACH]);
  });
});
