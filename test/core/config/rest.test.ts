// The settings of REST.
import { describe, expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { readBlock } from "../../../core/config/read.ts";
import { REST_SETTINGS, type RestPolicy } from "../../../core/config/rest.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

const parseRest = (check: Checks, value: unknown) => readBlock(check, "rest", REST_SETTINGS, value);

describe("the switches of REST", () => {
  const flags = [
    ...["ignoreUnknownQuery", "ignoreUnknownFields", "assumeJson", "jsonRequestStreams", "caseInsensitiveEnums"],
    ...["inferUpdateMask", "printDefaults", "enumsAsNumbers", "protoFieldNames"],
  ];
  const of = (field: string) => ({ field, read: (policy: RestPolicy) => (policy as unknown as Record<string, unknown>)[field] });
  itReadsChoices(parseRest, "rest", [
    ...flags.map((field) => ({ ...of(field), choices: [true, false], fallback: field === "inferUpdateMask" })),
    { ...of("onUnsupportedRule"), choices: ["refuse", "skip"], fallback: "skip" },
  ]);
  itKnowsItsFields(parseRest, "rest", [...flags, "onUnsupportedRule", "ignoredQuery", "events"]);

  const events = (check: Checks, value: unknown) => parseRest(check, { events: value }).events;
  itReadsNumbers(events, "rest.events", [
    { field: "headersAfterMs", min: 0, max: 60_000, fallback: 2_000, unit: "ms", read: ({ headersAfterMs }) => headersAfterMs },
  ]);
  itKnowsItsFields(events, "rest.events", ["headersAfterMs", "keepAliveMs"]);

  it("keep event streams alive every 15 s, from 1 s to 10 minutes, or never", () => {
    const read = (keepAliveMs?: unknown) => accepted(events, keepAliveMs === undefined ? {} : { keepAliveMs }).keepAliveMs;
    expect([read(), read(1_000), read(600_000), read(0)]).toEqual([15_000, 1_000, 600_000, Number.POSITIVE_INFINITY]);
    for (const keepAliveMs of [999, 600_001, -1, "1000"])
      expect(parsed(events, { keepAliveMs }).problems).toEqual([
        `rest.events.keepAliveMs: found ${JSON.stringify(keepAliveMs)}; write a whole number from 1000 to 600000 (ms, or 0 for never)`,
      ]);
  });

  it("ignore parameters of the query by name", () => {
    const read = (ignoredQuery: unknown) => parsed(parseRest, { ignoredQuery });
    expect(read(undefined).policy.ignoredQuery).toEqual([]);
    expect(read(["alt", "a".repeat(100)])).toMatchObject({ problems: [], policy: { ignoredQuery: ["alt", "a".repeat(100)] } });
    for (const refused of ["", "a".repeat(101), 7]) {
      const { policy, problems } = read(["alt", refused]);
      expect(policy.ignoredQuery).toEqual([]);
      expect(problems[0]).toMatch(/^rest\.ignoredQuery\[1\]: found .*names of query parameters, of 1 to 100 characters/);
    }
    expect(read("alt").problems[0]).toMatch(/^rest\.ignoredQuery: found "alt"; write at most \d+ names/);
    expect(read(Array(10_000).fill("a")).problems).toHaveLength(1);
  });
});
