// The settings of retries, of their budget, and of hedging.
import { describe, expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { readBlock } from "../../../core/config/read.ts";
import {
  type HedgePolicy,
  parseHedging,
  parseRetries,
  RETRIES,
  RETRY_BUDGET_SETTINGS,
  type RetryPolicy,
} from "../../../core/config/retry.ts";
import { accepted, itKnowsItsFields, itReadsNumbers, parsed } from "./settings.ts";

describe("retries", () => {
  const parser = (check: Checks, value: unknown) => parseRetries(check, "retries", value, { ...RETRIES, max: 9 });
  const of = (field: keyof RetryPolicy) => ({ field, read: (policy: RetryPolicy) => policy[field] });
  itReadsNumbers(parser, "retries", [
    { ...of("max"), min: 0, max: 10, fallback: 5, unit: "retries" },
    { ...of("baseMs"), min: 1, max: 60_000, fallback: 100, unit: "ms" },
    { ...of("maxMs"), min: 1, max: 60_000, fallback: 10_000, unit: "ms" },
    { ...of("perAttemptMs"), min: 1, max: 3_600_000, fallback: Number.POSITIVE_INFINITY, unit: "ms" },
  ]);
  itKnowsItsFields(parser, "retries", ["max", "baseMs", "maxMs", "perAttemptMs", "codes"]);

  it("are those of the outer settings where nothing is written, and none where they are turned off", () => {
    expect(accepted(parser, undefined)).toEqual({ ...RETRIES, max: 9 });
    expect(accepted(parser, false)).toEqual({ ...RETRIES, max: 0 });
    expect(accepted(parser, {})).toEqual(RETRIES);
  });

  it("are made of the listed codes, by default of unavailable alone", () => {
    const all = ["unavailable", "deadline_exceeded", "internal", "unknown", "data_loss", "aborted", "resource_exhausted"];
    expect([...accepted(parser, {}).codes]).toEqual(["unavailable"]);
    expect([...accepted(parser, { codes: all }).codes]).toEqual(all);
    expect([...accepted(parser, { codes: [] }).codes]).toEqual([]);
    const words = `write a list of ${all.join(", ")}`;
    expect(parsed(parser, { codes: ["unavailable", "not_found"] }).problems).toEqual([
      `retries.codes: found ["unavailable","not_found"]; ${words}`,
    ]);
    const { policy, problems } = parsed(parser, { codes: "unavailable" });
    expect(problems).toEqual([`retries.codes: found "unavailable"; ${words}`]);
    expect([...policy.codes]).toEqual(["unavailable"]);
  });
});

describe("the budget of retries", () => {
  const parser = (check: Checks, value: unknown) => readBlock(check, "retryBudget", RETRY_BUDGET_SETTINGS, value);
  itReadsNumbers(parser, "retryBudget", [
    { field: "percent", min: 0, max: 100, fallback: 10, unit: "%", read: ({ percent }) => percent },
    { field: "minPerSecond", min: 0, max: 1_000, fallback: 3, unit: "attempts", read: ({ minPerSecond }) => minPerSecond },
  ]);
  itKnowsItsFields(parser, "retryBudget", ["percent", "minPerSecond"]);

  it("belongs to the upstream: on a method it is a problem that says where to write it", () => {
    const retries = (check: Checks, value: unknown) => parseRetries(check, "retries", value, RETRIES);
    expect(parsed(retries, { budgetPercent: 0, minPerSecond: 0 }).problems).toEqual([
      "retries.budgetPercent: found 0; remove it, and write retryBudget: { percent: ... } in the upstream, whose methods share one budget",
      "retries.minPerSecond: found 0; remove it, and write retryBudget: { minPerSecond: ... } in the upstream, whose methods share one budget",
    ]);
  });
});

describe("hedging", () => {
  const outer: HedgePolicy = { percent: 7, quantile: 0.9, minMs: 77 };
  const parser = (check: Checks, value: unknown) => parseHedging(check, "hedging", value, outer);
  const of = (field: keyof HedgePolicy) => ({ field, read: (policy: HedgePolicy | undefined) => policy?.[field] });
  itReadsNumbers(parser, "hedging", [
    { ...of("percent"), min: 1, max: 10, fallback: 2, unit: "%" },
    { ...of("minMs"), min: 1, max: 60_000, fallback: 5, unit: "ms" },
  ]);
  itKnowsItsFields(parser, "hedging", ["percent", "quantile", "minMs"]);

  it("is that of the outer settings where nothing is written, and none where it is turned off", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBeUndefined();
  });

  it("goes by a quantile from 0.5 to 0.999", () => {
    expect(accepted(parser, {})?.quantile).toBe(0.95);
    for (const quantile of [0.5, 0.7, 0.999]) expect(accepted(parser, { quantile })?.quantile).toBe(quantile);
    for (const quantile of [0.499, 0.9991, 95, "0.9", null, "x"]) {
      const { policy, problems } = parsed(parser, { quantile });
      expect(problems).toEqual([`hedging.quantile: found ${JSON.stringify(quantile)}; write a number from 0.5 to 0.999`]);
      expect(policy?.quantile).toBe(0.95);
    }
  });
});
