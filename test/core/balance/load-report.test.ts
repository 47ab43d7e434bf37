// Load reports of endpoints, in both forms of ORCA.
import { describe, expect, it } from "vitest";
import { parseLoadReport, parseShedLevel } from "../../../core/balance/load-report.ts";

describe("parseLoadReport", () => {
  it.each([
    ["TEXT cpu_utilization=0.3,named_metrics.predicted_ms=12.5", { predictedMs: 12.5 }],
    ["TEXT named_metrics.predicted_ms=12.5", { predictedMs: 12.5 }],
    ["named_metrics.predicted_ms=0", { predictedMs: 0 }],
    ["TEXT named_metrics.predicted_ms = 3 , named_metrics.usual_ms = 2,named_metrics.took_ms=1", { predictedMs: 3, usualMs: 2, tookMs: 1 }],
    ["TEXT named_metrics.predicted_ms=3,named_metrics.took_ms=1", { predictedMs: 3, tookMs: 1 }],
    ['JSON {"named_metrics":{"predicted_ms":12.5,"usual_ms":4}}', { predictedMs: 12.5, usualMs: 4 }],
    ['JSON {"named_metrics":{"predicted_ms":"12.5"}}', { predictedMs: 12.5 }],
    ["TEXT named_metrics.predicted_ms=3599999", { predictedMs: 3_599_999 }],
    ["TEXT named_metrics.predicted_ms=3,named_metrics.usual_ms=x,named_metrics.took_ms=-1", { predictedMs: 3 }],
  ])("reads %j", (text, want) => expect(parseLoadReport(text)).toStrictEqual(want));

  it.each([
    ["", "nothing"],
    ["TEXT cpu_utilization=0.3", "no prediction"],
    ["TEXT named_metrics.usual_ms=3", "only the usual time"],
    ["TEXT xnamed_metrics.predicted_ms=3", "another name"],
    ["TEXT named_metrics.predicted_ms=", "an empty value"],
    ["TEXT named_metrics.predicted_ms=abc", "no number"],
    ["named_metrics.predicted_ms=TEXT 5", "the prefix within a value"],
    ["TEXT named_metrics.predicted_ms=-1", "a negative time"],
    ["TEXT named_metrics.predicted_ms=3600000", "an hour or more"],
    ["TEXT named_metrics.predicted_ms=NaN", "not a number"],
    ["JSON {", "broken JSON"],
    ["JSON null", "null"],
    ["JSON 3", "a number"],
    ["JSON {}", "an empty report"],
    ['JSON {"named_metrics":{"predicted_ms":null}}', "null for a time"],
    ['JSON {"named_metrics":{"predicted_ms":true}}', "a boolean for a time"],
    ['{"named_metrics":{"predicted_ms":1}}', "JSON without its prefix"],
  ])("returns undefined for %j (%s)", (text) => expect(parseLoadReport(text)).toBeUndefined());

  it("reads up to 4,096 characters", () => {
    const report = "TEXT named_metrics.predicted_ms=1,";
    expect(parseLoadReport(report.padEnd(4_096, "x"))).toEqual({ predictedMs: 1 });
    expect(parseLoadReport(report.padEnd(4_097, "x"))).toBeUndefined();
  });
});

describe("parseShedLevel", () => {
  const report = (level: string): string => `TEXT named_metrics.predicted_ms=1,named_metrics.shed_level=${level}`;
  it.each([
    [report("0.5"), 0.5],
    [report("0"), 0],
    [report("3"), 3],
    [report("3.01"), 0],
    [report("-0.1"), 0],
    [report("x"), 0],
    [report("1.25,named_metrics.other=9"), 1.25],
    ["TEXT named_metrics.predicted_ms=1", 0],
    ["", 0],
    [`${"x".repeat(25)}2`, 0], // no shed level, and a digit where its value would begin
    [`${" ".repeat(5_000)},named_metrics.shed_level=1`, 0],
  ])("returns for %j the level %d", (text, want) => expect(parseShedLevel(text)).toBe(want));

  it("reads up to 4,096 characters", () => {
    const text = `${report("2")},`;
    expect(parseShedLevel(text.padEnd(4_096, "x"))).toBe(2);
    expect(parseShedLevel(text.padEnd(4_097, "x"))).toBe(0);
  });
});
