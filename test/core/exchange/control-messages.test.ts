// The size of the section about versions: bounded, whatever an isolate has refused.
import { expect, it } from "vitest";
import { boundedSection, type ControlSection, MAX_KNOWN_SNAPSHOTS, MAX_REFUSED_VERSIONS } from "../../../core/exchange/control-messages.ts";

const digest = (n: number): string => n.toString(16).padStart(64, "0");

it("a section has at most 8 KiB, the first digests and refusals in it", () => {
  const many = Array.from({ length: 100 }, (_, n) => digest(n));
  const refused = many.map((name) => ({ digest: name, reason: "x".repeat(100_000) }));
  const bounded = boundedSection({ known: Date.UTC(2026, 0, 1), has: many, runs: digest(1), canary: digest(2), refused });
  expect(JSON.stringify(bounded).length).toBeLessThan(8_192);
  expect(bounded.has).toEqual(many.slice(0, MAX_KNOWN_SNAPSHOTS));
  expect(bounded.refused?.map((version) => version.digest)).toEqual(many.slice(0, MAX_REFUSED_VERSIONS));
});

it("a section within its bounds stays as it is", () => {
  const section: ControlSection = { known: 1, has: [digest(1)], runs: digest(1) };
  expect(boundedSection(section)).toEqual(section);
});
