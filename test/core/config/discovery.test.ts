// The settings of reflection and health.
import { describe, expect, it } from "vitest";
import { type DiscoveryPolicy, parseDiscovery } from "../../../core/config/discovery.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itReadsNumbers, parsed } from "./settings.ts";

const parser = (check: Checks, value: unknown) => parseDiscovery(check, "discovery", value);
const DEFAULTS = { maxMessages: 16, maxMessageBytes: 262_144 };

describe("discovery", () => {
  const of = (field: keyof DiscoveryPolicy) => ({ field, read: (policy: DiscoveryPolicy | undefined) => policy?.[field] });
  itReadsNumbers(parser, "discovery", [
    { ...of("maxMessages"), min: 1, max: 10_000, fallback: 16, unit: "messages" },
    { ...of("maxMessageBytes"), min: 65_536, max: 4_194_304, fallback: 262_144, unit: "bytes" },
  ]);

  it("names its fields where one is not known", () => {
    expect(parsed(parser, { maxMessage: 1 }).problems[0]).toContain('"maxMessages"');
  });

  it("is on unless it is switched off", () => {
    expect([accepted(parser, undefined), accepted(parser, true), accepted(parser, {})]).toEqual([DEFAULTS, DEFAULTS, DEFAULTS]);
    expect(accepted(parser, false)).toBeUndefined();
    for (const refused of [1, "no", null]) {
      const { policy, problems } = parsed(parser, refused);
      expect([policy, problems]).toEqual([DEFAULTS, [`discovery: found ${JSON.stringify(refused)}; write true or false`]]);
    }
  });
});
