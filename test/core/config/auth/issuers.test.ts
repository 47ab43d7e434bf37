// Settings of issuers: which tokens count, and where keys come from.
import { describe, expect, it } from "vitest";
import { parseIssuers, typeName } from "../../../../core/config/auth/issuers.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, itReadsNumbers, parsed } from "../settings.ts";

const URL_OF = "https://id.test";
const BASE = { audiences: ["a"], jwksUrl: "https://id.test/keys" };
const parserOf =
  (resource?: string, issuer = URL_OF) =>
  (check: Checks, value: unknown) =>
    parseIssuers(check, "issuers", { [issuer]: value }, resource)[0]!;
const parser = parserOf();
const KEY = { kty: "EC", crv: "P-256", x: "x", y: "y", kid: "1" };
const AT = 'issuers["https://id.test"]';

it("has its defaults", () => {
  expect(accepted(parser, BASE)).toEqual({
    ...{ issuer: URL_OF, audiences: ["a"], algorithms: ["ES256", "RS256", "EdDSA"], types: ["jwt", "at+jwt"], skewSeconds: 5 },
    ...{ source: { kind: "jwks", url: "https://id.test/keys" }, refreshMs: 300_000, refetchMs: 30_000, maxStaleMs: 3_600_000 },
  });
});

itReadsNumbers(
  parser,
  AT,
  [
    { field: "skewSeconds", min: 0, max: 30, fallback: 5, unit: "s", read: ({ skewSeconds }) => skewSeconds },
    {
      field: "refetchSeconds",
      min: 1,
      max: 3_600,
      fallback: 30_000,
      unit: "s",
      read: ({ refetchMs }) => refetchMs,
      asRead: (s) => s * 1_000,
    },
    {
      ...{ field: "maxStaleSeconds", min: 60, max: 604_800, fallback: 3_600_000, unit: "s" },
      ...{ read: ({ maxStaleMs }: { maxStaleMs: number }) => maxStaleMs, asRead: (s: number) => s * 1_000 },
    },
  ],
  { ...BASE, refreshSeconds: 10 },
);

it("refreshes keys no later than they go stale", () => {
  for (const refreshSeconds of [10, 60])
    expect(accepted(parser, { ...BASE, refreshSeconds, maxStaleSeconds: 60 }).refreshMs).toBe(refreshSeconds * 1_000);
  expect(parsed(parser, { ...BASE, refreshSeconds: 61, maxStaleSeconds: 60 }).problems).toEqual([
    `${AT}.maxStaleSeconds: found 60; write at least 61, which is refreshSeconds`,
  ]);
});

describe("audiences", () => {
  it("are those that are written, else the resource", () => {
    expect(accepted(parserOf("https://api.test"), BASE).audiences).toEqual(["a"]);
    expect(accepted(parserOf("https://api.test"), { jwksUrl: BASE.jwksUrl }).audiences).toEqual(["https://api.test"]);
  });

  it("have to be known", () => {
    for (const audiences of [undefined, [], [""], "a", Array(17).fill("a")])
      expect(parsed(parser, { ...BASE, audiences }).problems[0]).toContain(`${AT}.audiences: found`);
  });
});

describe("algorithms", () => {
  it.each([[["HS256"]], [["none"]], [["RS256", "HS512"]], [[]], ["RS256"]])("are asymmetric, and at least one: not %j", (algorithms) =>
    expect(parsed(parser, { ...BASE, algorithms }).problems.length).toBeGreaterThan(0),
  );

  it("are a list of names", () => expect(accepted(parser, { ...BASE, algorithms: ["PS256"] }).algorithms).toEqual(["PS256"]));
});

describe("types", () => {
  it("are read without case and prefix", () => {
    expect(accepted(parser, { ...BASE, types: ["application/AT+JWT", "none"] }).types).toEqual(["at+jwt", "none"]);
    expect(["JWT", "application/at+jwt", "application/a/b", "text/x"].map(typeName)).toEqual([
      "jwt",
      "at+jwt",
      "application/a/b",
      "text/x",
    ]);
  });

  it.each([[["a b"]], [[""]], ["JWT"], [Array(9).fill("JWT")]])("are names: not %j", (types) =>
    expect(parsed(parser, { ...BASE, types }).problems[0]).toContain(`${AT}.types: found`),
  );
});

describe("keys", () => {
  it("come from one place: written, from a URL, or from the metadata of the issuer", () => {
    const source = (more: object, issuer = URL_OF) => accepted(parserOf(undefined, issuer), { audiences: ["a"], ...more }).source;
    expect(source({ jwks: { keys: [KEY] } })).toEqual({ kind: "written", jwks: { keys: [KEY] } });
    expect(source({ jwksUrl: "https://id.test/keys" })).toEqual({ kind: "jwks", url: "https://id.test/keys" });
    expect(source({})).toEqual({ kind: "discovery", url: "https://id.test/.well-known/openid-configuration" });
    expect(source({}, "https://id.test/")).toEqual({ kind: "discovery", url: "https://id.test/.well-known/openid-configuration" });
    expect(source({ discoveryUrl: "https://id.test/x" })).toEqual({ kind: "discovery", url: "https://id.test/x" });
    expect(parsed(parser, { ...BASE, discoveryUrl: "https://id.test/x" }).problems).toEqual([
      `${AT}: found "several sources of keys"; write one of jwks, jwksUrl and discoveryUrl`,
    ]);
    expect(parsed(parserOf(undefined, "urn:id"), { audiences: ["a"] }).problems[0]).toContain("write jwks, jwksUrl or discoveryUrl");
    expect(source({ jwks: { keys: [KEY] } }, "urn:id").kind).toBe("written");
  });

  it.each([
    [{ keys: [] }],
    [{ keys: Array(65).fill(KEY) }],
    [{ keys: [{ kty: "oct", k: "AA" }] }],
    [{ keys: [{ ...KEY, d: "AA" }] }],
    [{ keys: [{ ...KEY, kid: "" }] }],
    [{ keys: [{ ...KEY, kid: 7 }] }],
    [[KEY]],
  ])("are public ones of a set: not %j", (jwks) =>
    expect(parsed(parser, { audiences: ["a"], jwks }).problems[0]).toContain("write a JWK set with public keys"),
  );
});

it("names issuers as their tokens do", () => {
  for (const issuer of ["", "a b", "a".repeat(201), "\u00e4"])
    expect(parsed(parserOf(undefined, issuer), BASE).problems.some((line) => line.includes('name it as "iss"'))).toBe(true);
  expect(accepted(parserOf(undefined, "a".repeat(200)), BASE).issuer).toHaveLength(200);
});
