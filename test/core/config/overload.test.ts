// The settings against overload.
import { describe, expect, it } from "vitest";
import {
  type ConcurrencyPolicy,
  criticality,
  type OverloadPolicy,
  parseConcurrency,
  parseOverload,
  parseThrottle,
} from "../../../core/config/overload.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { readSetting } from "../../../core/config/read.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

describe("overload of the isolate", () => {
  const parser = (check: Checks, value: unknown) => parseOverload(check, "overload", value, { principals: true, claims: true });
  const of = (field: string, read: keyof ConcurrencyPolicy) => ({
    field,
    read: ({ isolate }: OverloadPolicy) => isolate[read],
  });
  itReadsNumbers(parser, "overload", [
    { ...of("maxQueued", "maxQueued"), min: 0, max: 10_000, fallback: 100, unit: "calls" },
    { ...of("queueMs", "queueMs"), min: 1, max: 60_000, fallback: 1_000, unit: "ms" },
    { ...of("maxStreams", "maxStreams"), min: 1, max: 100_000, fallback: 1_000, unit: "streams" },
    { ...of("maxInFlight", "max"), min: 1, max: 100_000, fallback: 10_000, unit: "calls" },
    { ...of("callerShare", "callerShare"), min: 1, max: 100, fallback: 0.5, unit: "%", asRead: (percent) => percent / 100 },
    {
      field: "memoryBytes",
      read: ({ memory }: OverloadPolicy) => memory.maxBytes,
      min: 1_048_576,
      max: 100_663_296,
      fallback: 33_554_432,
      unit: "bytes",
    },
  ]);
  itReadsChoices(parser, "overload", [{ ...of("mode", "mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "overload", [
    "mode",
    "percent",
    "maxQueued",
    "queueMs",
    "maxInFlight",
    "memoryBytes",
    "callerShare",
    "maxStreams",
    "trusted",
  ]);

  it("lets one caller hold the same share of memory as of calls", () =>
    expect(accepted(parser, { callerShare: 30 }).memory).toEqual({ maxBytes: 33_554_432, callerShare: 0.3 }));

  it("does not adapt", () => expect(accepted(parser, {}).isolate.floor).toBeUndefined());

  it("trusts nobody's criticality unless callers are listed or authenticated", () => {
    expect(accepted(parser, {}).trust).toEqual({ kind: "none" });
    expect(accepted(parser, { trusted: "principals" }).trust).toEqual({ kind: "principals" });
    expect(accepted(parser, { trusted: ["a", "b"] }).trust).toEqual({ kind: "listed", names: new Set(["a", "b"]) });
    for (const trusted of ["all", ["a", ""], [7], {}])
      expect(parsed(parser, { trusted }).problems).toEqual([
        `overload.trusted: found ${JSON.stringify(trusted)}; write "principals", or a list of ids of principals: ["https://id.example#ada"]`,
      ]);
  });

  it("trusts principals only where the configuration authenticates callers", () => {
    const unnamed = (check: Checks, value: unknown) => parseOverload(check, "overload", value, { principals: false, claims: false });
    for (const trusted of ["principals", ["a"]])
      expect(parsed(unnamed, { trusted }).problems).toEqual([
        `overload.trusted: found ${JSON.stringify(trusted)}; say how callers prove who they are: auth at the top (docs/authentication.md)`,
      ]);
    expect(accepted(unnamed, {}).trust).toEqual({ kind: "none" });
  });
});

describe("concurrency of a method", () => {
  const outer: ConcurrencyPolicy = {
    mode: "report",
    percent: 60,
    max: 3,
    floor: 2,
    maxQueued: 1,
    queueMs: 4,
    callerShare: 0.7,
    maxStreams: 8,
  };
  const parser = (check: Checks, value: unknown) => parseConcurrency(check, "concurrency", value, outer);
  const of = (field: keyof ConcurrencyPolicy) => ({ field, read: (policy: ConcurrencyPolicy) => policy[field] });
  itReadsNumbers(parser, "concurrency", [
    { ...of("maxQueued"), min: 0, max: 10_000, fallback: 100, unit: "calls" },
    { ...of("queueMs"), min: 1, max: 60_000, fallback: 1_000, unit: "ms" },
    { ...of("maxStreams"), min: 1, max: 100_000, fallback: 500, unit: "streams" },
    { ...of("max"), min: 1, max: 100_000, fallback: 10_000, unit: "calls" },
    { ...of("callerShare"), min: 1, max: 100, fallback: 0.5, unit: "%", asRead: (percent) => percent / 100 },
  ]);
  itReadsNumbers(parser, "concurrency", [{ ...of("floor"), min: 1, max: 100_000, fallback: 100, unit: "calls" }], { max: 100_000 });
  itReadsChoices(parser, "concurrency", [{ ...of("mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "concurrency", [
    "mode",
    "percent",
    "maxQueued",
    "queueMs",
    "max",
    "callerShare",
    "maxStreams",
    "adaptive",
    "floor",
  ]);

  it("is that of the outer settings where nothing is written", () => expect(accepted(parser, undefined)).toBe(outer));

  it("adapts between floor and max unless that is turned off; the floor is at most the max", () => {
    expect(accepted(parser, { max: 50 })).toMatchObject({ max: 50, floor: 50 });
    expect(accepted(parser, { max: 500 })).toMatchObject({ max: 500, floor: 100 });
    expect(accepted(parser, { max: 7, floor: 7 })).toMatchObject({ max: 7, floor: 7 });
    expect(accepted(parser, { adaptive: true })).toMatchObject({ floor: 100 });
    expect(accepted(parser, { adaptive: false, max: 7, floor: 9 })).toMatchObject({ max: 7, floor: undefined });
    expect(parsed(parser, { max: 7, floor: 8 }).problems).toEqual(["concurrency.floor: found 8; write at most 7, which is max"]);
    expect(parsed(parser, { adaptive: 1 }).problems).toEqual(["concurrency.adaptive: found 1; write true or false"]);
  });
});

describe("a throttle", () => {
  const parser = (check: Checks, value: unknown) => parseThrottle(check, "throttle", value);
  itReadsNumbers(parser, "throttle", [
    { field: "belowPercent", min: 1, max: 95, fallback: 2, unit: "%", read: ({ factor }) => factor, asRead: (percent) => 100 / percent },
    { field: "minCalls", min: 1, max: 100_000, fallback: 50, unit: "calls", read: ({ minCalls }) => minCalls },
  ]);
  itReadsChoices(parser, "throttle", [
    { field: "mode", choices: ["off", "report", "enforce"], fallback: "enforce", read: ({ mode }) => mode },
    { field: "honor", choices: ["off", "report", "enforce"], fallback: "enforce", read: ({ honor }) => honor },
  ]);
  itKnowsItsFields(parser, "throttle", ["mode", "percent", "belowPercent", "minCalls", "honor"]);

  it("names the new name of a setting that was renamed", () => {
    expect(parsed(parser, { heed: "off" }).problems).toEqual(['throttle.heed: found "off"; write "honor", its new name']);
  });
});

describe("criticality", () => {
  it("is one of the names, by default that of the outer settings", () => {
    const parser = (check: Checks, value: unknown) => readSetting(check, "criticality", criticality, value, { value: 1 });
    expect(accepted(parser, undefined)).toBe(1);
    const names = ["sheddable", "sheddable_plus", "critical", "critical_plus"];
    for (const [rank, name] of names.entries()) expect(accepted(parser, name)).toBe(rank);
    expect(parsed(parser, "high").problems).toHaveLength(1);
  });
});
