// Words, paths, ranges and fields at their edges: what the core reads before anything else happens.
import { describe, expect, it } from "vitest";
import { checks, join, describe as lineOf, suggest } from "../../core/config/problems.ts";
import { CROSS_ORIGIN_FIELDS, isCrossOriginField } from "../../core/cors.ts";
import { isInRanges, parseAddressRange } from "../../core/ip.ts";

describe("the words of a mistake", () => {
  const found = (value: unknown): string => {
    const check = checks();
    check.report("p", value, "fix");
    return lineOf(check.problems[0]!);
  };

  it("show what was found, cut at 60 characters", () => {
    expect(found(undefined)).toBe("p: found nothing; fix");
    expect(found(() => 1)).toBe("p: found a function; fix");
    expect([found(Number.NaN), found(1.5), found(7n), found(null)].map((line) => line.slice(9, -5))).toEqual(["NaN", "1.5", "7", "null"]);
    expect(found(Symbol("s"))).toBe("p: found Symbol(s); fix");
    expect(found("a".repeat(58))).toBe(`p: found "${"a".repeat(58)}"; fix`);
    expect(found("a".repeat(59))).toBe(`p: found "${"a".repeat(56)}...; fix`);
  });

  it("write a path as TypeScript does", () => {
    expect([join("", "a"), join("a", "b"), join("a", "$_1"), join("a", "b-c"), join("a", "1b"), join("", "x y")]).toEqual([
      "a",
      "a.b",
      "a.$_1",
      'a["b-c"]',
      'a["1b"]',
      '["x y"]',
    ]);
  });

  it("suggest the nearest name, or list all", () => {
    expect(suggest("retires", ["retries", "rate"])).toBe('"retries"');
    expect(suggest("RETRIES", ["rate", "retries"])).toBe('"retries"');
    expect(suggest("ab", ["xyab", "xyz"])).toBe('"xyab"'); // two edits are near enough for a short name
    expect(suggest("abc", ["xyz"])).toBe('one of "xyz"');
    expect(suggest("aaaaaaaaa", ["aaaaaabbb"])).toBe('"aaaaaabbb"'); // a third of the name
    expect(suggest("aaaaaaaaa", ["aaaaabbbb", "z"])).toBe('one of "aaaaabbbb", "z"');
    expect(suggest("a", [])).toBe("nothing: there is none to choose");
    expect(suggest("kitten", ["sitting!!!!", "mitten"])).toBe('"mitten"');
  });

  it("take a header's name of 1 to 64 letters", () => {
    const check = checks();
    expect(check.header("p", undefined)).toBeUndefined();
    expect(check.header("p", "X-Api-Key1")).toBe("x-api-key1");
    expect(check.header("p", "a".repeat(64))).toBe("a".repeat(64));
    expect(check.problems).toEqual([]);
    for (const refused of ["", "a".repeat(65), "a_b", "a b", "é", 7]) expect(check.header("p", refused)).toBeUndefined();
    expect(check.problems).toHaveLength(6);
  });
});

describe("ranges of addresses", () => {
  const within = (address: string, range: string) => isInRanges(address, [parseAddressRange(range)!]);

  it("hold exactly their addresses, of both families", () => {
    expect([within("10.255.255.255", "10.0.0.0/8"), within("11.0.0.0", "10.0.0.0/8"), within("9.255.255.255", "10.0.0.0/8")]).toEqual([
      true,
      false,
      false,
    ]);
    expect([
      within("192.0.2.7", "192.0.2.7"),
      within("192.0.2.8", "192.0.2.7"),
      within("192.0.2.6", "192.0.2.6/31"),
      within("192.0.2.8", "192.0.2.6/31"),
    ]).toEqual([true, false, true, false]);
    expect([within("1.2.3.4", "0.0.0.0/0"), within("::1", "0.0.0.0/0"), within("::ffff:1.2.3.4", "1.0.0.0/8")]).toEqual([
      true,
      false,
      true,
    ]);
    expect([
      within("2001:db8:ffff::1", "2001:db8::/32"),
      within("2001:db9::", "2001:db8::/32"),
      within("2001:db8::", "2001:db8::/31"),
    ]).toEqual([true, false, true]);
    expect([within("2001:db8::1", "2001:db8::1/128"), within("2001:db8::2", "2001:db8::1/128"), within("::", "::/0")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("are not what is not written as one", () => {
    for (const text of [
      "",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "::/129",
      "10.0.0",
      "x",
      "10.0.0.0/a",
    ])
      expect(parseAddressRange(text), text).toBeUndefined();
    expect(isInRanges(null, [parseAddressRange("::/0")!])).toBe(false);
    expect(isInRanges("nonsense", [parseAddressRange("::/0")!])).toBe(false);
    expect(isInRanges("1.2.3.4", [])).toBe(false);
    expect(isInRanges("1.2.3.4", [parseAddressRange("10.0.0.0/8")!, parseAddressRange("1.0.0.0/8")!])).toBe(true);
  });
});

describe("fields of responses that speak of other origins", () => {
  it("are those of CORS and of timing", () => {
    expect(CROSS_ORIGIN_FIELDS).toEqual([
      ...["allow-origin", "allow-credentials", "allow-headers", "allow-methods", "allow-private-network", "allow-local-network"].map(
        (name) => `access-control-${name}`,
      ),
      ...["access-control-expose-headers", "access-control-max-age", "timing-allow-origin"],
    ]);
    for (const name of CROSS_ORIGIN_FIELDS) expect(isCrossOriginField(name)).toBe(true);
    for (const name of ["access-control", "x-access-control-allow-origin", "timing-allow", "content-type", ""])
      expect(isCrossOriginField(name)).toBe(false);
    expect(isCrossOriginField("access-control-anything-new")).toBe(true);
  });
});

it("takes an address of IPv6 for one of IPv4 only where it is mapped", () => {
  const isIn = (address: string) => isInRanges(address, [parseAddressRange("1.2.3.0/24")!]);
  expect([isIn("::ffff:1.2.3.4"), isIn("::ffff:102:304"), isIn("0:0:0:0:0:ffff:102:304")]).toEqual([true, true, true]);
  for (const address of ["2001:db8::ffff:102:304", "0:0:0:0:1:ffff:102:304", "1::ffff:102:304", "::fffe:102:304", "::102:304"])
    expect(isIn(address), address).toBe(false);
});
