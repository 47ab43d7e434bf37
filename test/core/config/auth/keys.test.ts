// Settings of API keys: their defaults, bounds and problems.
import { describe, expect, it } from "vitest";
import { parseKeys } from "../../../../core/config/auth/keys.ts";
import { checks } from "../../../../core/config/problems.ts";

const VALID = { env: "live", tagSecrets: ["KEY_TAG_SECRET_1"] };

function problemsOf(keys: unknown): string[] {
  const check = checks();
  parseKeys(check, "auth.keys", keys);
  return check.problems.map(({ path }) => path.replace("auth.keys", ""));
}

describe("the settings of API keys", () => {
  it("have defaults", () => {
    expect(parseKeys(checks(), "auth.keys", VALID)).toEqual({
      ...{ ...VALID, tokenBinding: undefined, header: undefined, importedPrefixes: [] },
      ...{ revocationMaxAgeMs: 10_000, maxStaleMs: 60_000, waitMs: 2_000, cacheBytes: 4_194_304 },
    });
    expect(parseKeys(checks(), "auth.keys", undefined)).toBeUndefined();
  });

  it.each<[object]>([
    [{ env: "a".repeat(16), tagSecrets: ["A", "B", "C", "D"] }],
    [{ header: "X-Api-Key", importedPrefixes: ["sk_", "a".repeat(32)] }],
    [{ revocationMaxAgeMs: 1_000, maxStaleMs: 1_000, waitMs: 1, cacheBytes: 65_536 }],
    [{ revocationMaxAgeMs: 600_000, maxStaleMs: 3_600_000, waitMs: 10_000, cacheBytes: 67_108_864 }],
  ])("take %j", (keys) => {
    expect(problemsOf({ ...VALID, ...keys })).toEqual([]);
  });

  it.each<[object, string]>([
    [{ env: "Live" }, ".env"],
    [{ env: "a".repeat(17) }, ".env"],
    [{ tagSecrets: [] }, ".tagSecrets"],
    [{ tagSecrets: ["A", "B", "C", "D", "E"] }, ".tagSecrets"],
    [{ tagSecrets: ["a secret"] }, ".tagSecrets"],
    [{ header: "authorization" }, ".header"],
    [{ header: "Cookie" }, ".header"],
    [{ importedPrefixes: ["sk"] }, ".importedPrefixes"],
    [{ importedPrefixes: ["tg_live"] }, ".importedPrefixes"],
    [{ revocationMaxAgeMs: 999 }, ".revocationMaxAgeMs"],
    [{ maxStaleMs: 9_999 }, ".maxStaleMs"],
    [{ cacheBytes: 65_535 }, ".cacheBytes"],
    [{ waitMs: 0 }, ".waitMs"],
    [{ tokens: 1 }, ".tokens"],
  ])("do not take %j", (keys, path) => {
    expect(problemsOf({ ...VALID, ...keys })).toEqual([path]);
  });

  it("need an environment and a secret", () => {
    expect(problemsOf({})).toEqual([".env", ".tagSecrets"]);
  });
});
