// The rate limits of a route.
import { describe, expect, it } from "vitest";
import { ONE } from "../../../core/config/cost.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { parseRule, type RateLimitRule } from "../../../core/config/rate-limit.ts";
import { parseRouteLimits } from "../../../core/config/route-limits.ts";
import { accepted, parsed } from "./settings.ts";

const PROVES = { principals: true, claims: true };
const BASE = { capacity: 10, rate: 5 };
const parser = (check: Checks, value: unknown) => parseRule(check, "r", value, PROVES);
const rule = (more: object, name = "r"): RateLimitRule =>
  accepted((check: Checks, value: unknown) => parseRule(check, name, value, PROVES), { ...BASE, ...more });
const _problems = (more: object) => parsed(parser, { ...BASE, ...more }).problems;

describe("the limits of a route", () => {
  const a = rule({}, "a");
  const rules = new Map([
    ["a", a],
    ["small", rule({ capacity: 3, tiers: { by: "principal", plans: { gold: { capacity: 50, rate: 1 } } } }, "small")],
    ["tiered", rule({ capacity: 50, tiers: { by: "principal", plans: { free: { capacity: 4, rate: 1 } } } }, "tiered")],
    ["off", rule({ enforce: "off" })],
  ]);
  const outer = { rateLimits: [a], cost: ONE };
  const route = (check: Checks, value: unknown) => parseRouteLimits(check, "m", value as Record<string, unknown>, outer, rules);

  it("are those of the outer settings unless they are named; rules that are off do not hold", () => {
    expect(accepted(route, {})).toEqual(outer);
    expect(accepted(route, { rateLimits: [] }).rateLimits).toEqual([]);
    expect(accepted(route, { rateLimits: ["small", "off", "a"] }).rateLimits).toEqual([rules.get("small"), a]);
    expect(accepted(route, { cost: 10 }).cost).toEqual({ kind: "fixed", tokens: 10 });
  });

  it("refuse what is no list, an unknown name, and a name that comes twice", () => {
    expect(parsed(route, { rateLimits: "a" }).problems).toEqual([
      'm.rateLimits: found "a"; write a list of names from rateLimits: ["per-caller"]',
    ]);
    expect(parsed(route, { rateLimits: ["a", "a"] }).problems).toEqual(['m.rateLimits[1]: found "a"; name each rule once']);
    expect(parsed(route, { rateLimits: ["smal"] }).problems).toEqual([
      'm.rateLimits[0]: found "smal"; write "small", defined in rateLimits',
    ]);
    expect(parsed(route, { rateLimits: [7] }).problems).toHaveLength(1);
  });

  it("refuse a cost that no bucket of a rule can pay, its plans' buckets among them", () => {
    const words = (most: number, least: number, name: string) =>
      `m.cost: found ${most}; write at most ${least}, the capacity of rateLimits.${name}: such a call could never pass`;
    expect(parsed(route, { cost: 10 }).problems).toEqual([]);
    expect(parsed(route, { cost: 11 }).problems).toEqual([words(11, 10, "a")]);
    expect(parsed(route, { cost: 4, rateLimits: ["small"] }).problems).toEqual([words(4, 3, "small")]);
    expect(parsed(route, { cost: 5, rateLimits: ["tiered"] }).problems).toEqual([words(5, 4, "tiered")]);
    expect(parsed(route, { cost: 4, rateLimits: ["tiered"] }).problems).toEqual([]);
  });

  it("are checked once, where they are written, and not again by what inherits them", () => {
    const dear = { rateLimits: [rules.get("small")!], cost: { kind: "fixed", tokens: 9 } as const };
    const inner = (check: Checks, value: unknown) => parseRouteLimits(check, "m", value as Record<string, unknown>, dear, rules);
    expect(parsed(inner, {}).problems).toEqual([]);
    expect(parsed(inner, { rateLimits: ["small"] }).problems).toHaveLength(1);
    expect(parsed(inner, { cost: 9 }).problems).toHaveLength(1);
  });
});
