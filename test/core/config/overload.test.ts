// The settings of retries, hedging, breakers, and of what is done against overload.
import { describe, expect, it } from "vitest";
import { parseBreakerAdmin } from "../../../core/config/admin.ts";
import { BREAKER, parseBreaker } from "../../../core/config/breaker.ts";
import * as overload from "../../../core/config/overload.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { readBlock, readSetting } from "../../../core/config/read.ts";
import type { HedgePolicy, RetryPolicy } from "../../../core/config/retry.ts";
import { parseHedging, parseRetries, RETRIES, RETRY_BUDGET_SETTINGS } from "../../../core/config/retry.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

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

describe("a breaker", () => {
  const parser = (check: Checks, value: unknown) => parseBreaker(check, "breaker", value);
  const of = (field: keyof typeof BREAKER) => ({ field, read: (policy: typeof BREAKER) => policy[field] });
  itReadsNumbers(parser, "breaker", [
    { ...of("consecutive"), min: 1, max: 1_000, fallback: 5, unit: "failures" },
    { ...of("failurePercent"), min: 1, max: 100, fallback: 50, unit: "%" },
    { ...of("slowPercent"), min: 1, max: 100, fallback: 100, unit: "%" },
    { ...of("slowMs"), min: 1, max: 3_600_000, fallback: 10_000, unit: "ms" },
    { ...of("minCalls"), min: 1, max: 10_000, fallback: 20, unit: "calls" },
    { ...of("maxOpenPercent"), min: 0, max: 100, fallback: 70, unit: "%" },
    { ...of("openMs"), min: 100, max: 60_000, fallback: 5_000, unit: "ms" },
    { ...of("quorum"), min: 2, max: 1_000, fallback: 3, unit: "isolates" },
    { ...of("probes"), min: 1, max: 100, fallback: 3, unit: "probes" },
  ]);
  itReadsChoices(parser, "breaker", [{ ...of("mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "breaker", Object.keys(BREAKER));

  it("takes an outlier factor from 1 to 10, or 0 for never", () => {
    expect(accepted(parser, {}).outlierFactor).toBe(1.9);
    for (const outlierFactor of [0, 1, 2.5, 10]) expect(accepted(parser, { outlierFactor }).outlierFactor).toBe(outlierFactor);
    for (const outlierFactor of [-1, 0.5, 0.99, 10.1, "2", true]) {
      const { policy, problems } = parsed(parser, { outlierFactor });
      expect(problems).toEqual([
        `breaker.outlierFactor: found ${JSON.stringify(outlierFactor)}; write a number from 1 to 10, or 0 for never`,
      ]);
      expect(policy.outlierFactor).toBe(1.9);
    }
  });
});

describe("the operator of breakers", () => {
  it("is named by the binding of a secret", () => {
    expect(accepted(parseBreakerAdmin, undefined)).toBeUndefined();
    for (const tokenBinding of ["OPERATOR_TOKEN", "_x", "a1"])
      expect(accepted(parseBreakerAdmin, { tokenBinding })).toEqual({ tokenBinding });
    for (const tokenBinding of [undefined, "", "1A", "A-B", "A B", 7])
      expect(parsed(parseBreakerAdmin, { tokenBinding }).problems).toEqual([
        `breakers.tokenBinding: found ${tokenBinding === undefined ? "nothing" : JSON.stringify(tokenBinding)}; write the name of a secret: "OPERATOR_TOKEN"`,
      ]);
  });
  itKnowsItsFields(parseBreakerAdmin, "breakers", ["tokenBinding"]);
});

describe("overload of the isolate", () => {
  const parser = (check: Checks, value: unknown) => overload.parseOverload(check, "overload", value, "x-user");
  const of = (field: string, read: keyof overload.ConcurrencyPolicy) => ({
    field,
    read: ({ isolate }: overload.OverloadPolicy) => isolate[read],
  });
  itReadsNumbers(parser, "overload", [
    { ...of("maxQueued", "maxQueued"), min: 0, max: 10_000, fallback: 100, unit: "calls" },
    { ...of("queueMs", "queueMs"), min: 1, max: 60_000, fallback: 1_000, unit: "ms" },
    { ...of("maxInFlight", "max"), min: 1, max: 100_000, fallback: 10_000, unit: "calls" },
  ]);
  itReadsChoices(parser, "overload", [{ ...of("mode", "mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "overload", ["mode", "maxQueued", "queueMs", "maxInFlight", "trusted"]);

  it("does not adapt", () => expect(accepted(parser, {}).isolate.floor).toBeUndefined());

  it("trusts nobody's criticality unless callers are listed or named by a principal", () => {
    expect(accepted(parser, {}).trust).toEqual({ kind: "none" });
    expect(accepted(parser, { trusted: "principals" }).trust).toEqual({ kind: "principals" });
    expect(accepted(parser, { trusted: ["a", "b"] }).trust).toEqual({ kind: "listed", names: new Set(["a", "b"]) });
    for (const trusted of ["all", ["a", ""], [7], {}])
      expect(parsed(parser, { trusted }).problems).toEqual([
        `overload.trusted: found ${JSON.stringify(trusted)}; write "principals", or a list of callers as principalHeader names them`,
      ]);
  });

  it("trusts principals only where something names them", () => {
    const unnamed = (check: Checks, value: unknown) => overload.parseOverload(check, "overload", value, undefined);
    for (const trusted of ["principals", ["a"]])
      expect(parsed(unnamed, { trusted }).problems).toEqual([
        `overload.trusted: found ${JSON.stringify(trusted)}; say what names the caller: principalHeader at the top`,
      ]);
    expect(accepted(unnamed, {}).trust).toEqual({ kind: "none" });
  });
});

describe("concurrency of a method", () => {
  const outer: overload.ConcurrencyPolicy = { mode: "report", max: 3, floor: 2, maxQueued: 1, queueMs: 4 };
  const parser = (check: Checks, value: unknown) => overload.parseConcurrency(check, "concurrency", value, outer);
  const of = (field: keyof overload.ConcurrencyPolicy) => ({ field, read: (policy: overload.ConcurrencyPolicy) => policy[field] });
  itReadsNumbers(parser, "concurrency", [
    { ...of("maxQueued"), min: 0, max: 10_000, fallback: 100, unit: "calls" },
    { ...of("queueMs"), min: 1, max: 60_000, fallback: 1_000, unit: "ms" },
    { ...of("max"), min: 1, max: 100_000, fallback: 10_000, unit: "calls" },
  ]);
  itReadsNumbers(parser, "concurrency", [{ ...of("floor"), min: 1, max: 100_000, fallback: 100, unit: "calls" }], { max: 100_000 });
  itReadsChoices(parser, "concurrency", [{ ...of("mode"), choices: ["off", "report", "enforce"], fallback: "enforce" }]);
  itKnowsItsFields(parser, "concurrency", ["mode", "maxQueued", "queueMs", "max", "adaptive", "floor"]);

  it("is that of the outer settings where nothing is written", () => expect(accepted(parser, undefined)).toBe(outer));

  it("adapts between floor and max unless it is told not to; the floor is at most the max", () => {
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
  const parser = (check: Checks, value: unknown) => overload.parseThrottle(check, "throttle", value);
  itReadsNumbers(parser, "throttle", [
    { field: "belowPercent", min: 1, max: 95, fallback: 2, unit: "%", read: ({ factor }) => factor, asRead: (percent) => 100 / percent },
    { field: "minCalls", min: 1, max: 100_000, fallback: 50, unit: "calls", read: ({ minCalls }) => minCalls },
  ]);
  itReadsChoices(parser, "throttle", [
    { field: "mode", choices: ["off", "report", "enforce"], fallback: "enforce", read: ({ mode }) => mode },
    { field: "honor", choices: ["off", "report", "enforce"], fallback: "enforce", read: ({ honor }) => honor },
  ]);
  itKnowsItsFields(parser, "throttle", ["mode", "belowPercent", "minCalls", "honor"]);

  it("names the new name of a setting that was renamed", () => {
    expect(parsed(parser, { heed: "off" }).problems).toEqual(['throttle.heed: found "off"; write "honor", its new name']);
  });
});

describe("criticality", () => {
  it("is one of the names, by default that of the outer settings", () => {
    const parser = (check: Checks, value: unknown) => readSetting(check, "criticality", overload.criticality, value, { value: 1 });
    expect(accepted(parser, undefined)).toBe(1);
    const names = ["sheddable", "sheddable_plus", "critical", "critical_plus"];
    for (const [rank, name] of names.entries()) expect(accepted(parser, name)).toBe(rank);
    expect(parsed(parser, "high").problems).toHaveLength(1);
  });
});
