// The settings of addresses.
import { describe, expect, it } from "vitest";
import { addressFault } from "../../../../core/auth/address-lists.ts";
import { ALL_CALLERS, parseAddresses } from "../../../../core/config/auth/addresses.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, parsed } from "../settings.ts";

describe("addresses", () => {
  const outer = { allow: [], deny: [], mode: "report", percent: 100 } as const;
  const parser = (check: Checks, value: unknown) => parseAddresses(check, "addresses", value, outer);
  itKnowsItsFields(parser, "addresses", ["allow", "deny", "mode", "percent"]);

  it("are those of the outer settings, none, or both lists", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBe(ALL_CALLERS);
    const rules = accepted(parser, { allow: ["192.0.2.0/24", "2001:db8::1"], deny: ["192.0.2.1"] });
    expect([rules.allow.length, rules.deny.length]).toEqual([2, 1]);
    expect([addressFault("192.0.2.2", rules), addressFault("192.0.2.1", rules)]).toEqual([undefined, "address_denied"]);
    expect(accepted(parser, { deny: Array.from({ length: 256 }, (_, n) => `192.0.2.${n}`) }).deny).toHaveLength(256);
  });

  it.each(["192.0.2.0/33", "192.0.2", "2001:db8::/129", "a.example", "", 7, null])("reports %j", (range) => {
    const [problem] = parsed(parser, { allow: [range] }).problems;
    expect(problem).toMatch(/^addresses\.allow\[0\]: found .*; write an IPv4 or IPv6 address, or a range such as 192\.0\.2\.0\/24$/);
  });

  it.each(["192.0.2.1/24", "2001:db8::1/32", "11.0.0.0/7", "128.0.0.0/0"])("reports that %s is no start of its range", (range) => {
    const [problem] = parsed(parser, { deny: [range] }).problems;
    expect(problem).toContain("write the first address of the range");
  });

  it.each(["192.0.2.128/25", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8:0:8000::/49", "192.0.2.1/32"])("takes %s", (range) => {
    expect(accepted(parser, { deny: [range] }).deny).toHaveLength(1);
  });

  it("reports an empty list, and one that is too long", () => {
    for (const allow of [[], Array.from({ length: 257 }, () => "192.0.2.1"), "192.0.2.1"])
      expect(parsed(parser, { allow }).problems[0]).toContain("at most 256");
  });
});
