// The settings that all kinds of routes share.
import { describe, expect, it } from "vitest";
import type { Checks } from "../../../core/config/problems.ts";
import { DEFAULTS, parseRoute, type RoutePolicy } from "../../../core/config/route.ts";
import { accepted, itReadsNumbers, parsed } from "./settings.ts";

describe("a route", () => {
  const outer: RoutePolicy = {
    ...DEFAULTS,
    readTimeoutMs: 11,
    streamTimeoutMs: 12,
    maxBodyBytes: 13,
    validate: { mode: "report", percent: 40 },
  };
  const parser = (check: Checks, value: unknown) => parseRoute(check, "m", value as Record<string, unknown>, outer, new Map());
  const of = (field: keyof RoutePolicy) => ({ field, read: (policy: RoutePolicy) => policy[field] });
  itReadsNumbers(parser, "m", [
    { ...of("readTimeoutMs"), min: 1, max: 3_600_000, fallback: 11, unit: "ms" },
    { ...of("streamTimeoutMs"), min: 1, max: 86_400_000, fallback: 12, unit: "ms" },
    { ...of("streamIdleMs"), min: 1, max: 86_400_000, fallback: Number.POSITIVE_INFINITY, unit: "ms" },
    { ...of("messageCost"), min: 0, max: 1_000, fallback: 0, unit: "tokens" },
    { ...of("maxBodyBytes"), min: 1, max: 104_857_600, fallback: 13, unit: "bytes" },
  ]);

  it("validates by a mode, or by a mode with its share of the callers", () => {
    expect(accepted(parser, {}).validate).toEqual({ mode: "report", percent: 40 });
    for (const mode of ["off", "report", "enforce"] as const)
      expect(accepted(parser, { validate: mode }).validate).toEqual({ mode, percent: 100 });
    expect(accepted(parser, { validate: { percent: 0.5 } }).validate).toEqual({ mode: "enforce", percent: 0.5 });
    expect(parsed(parser, { validate: "on" }).problems).toEqual([
      'm.validate: found "on"; write "off" or "report" or "enforce", or { mode: "enforce", percent: 10 }',
    ]);
  });

  it("authenticates by a word, or by a word with mode and share of the callers", () => {
    expect(accepted(parser, { auth: "required" })).toMatchObject({ auth: "required", authEnforcement: { mode: "enforce", percent: 100 } });
    const auth = { callers: "required", mode: "report", percent: 10 };
    expect(accepted(parser, { auth })).toMatchObject({ auth: "required", authEnforcement: { mode: "report", percent: 10 } });
    expect(parsed(parser, { auth: { mode: "report" } }).problems).toEqual([
      'm.auth.callers: found nothing; write which callers may call: { callers: "required", mode: "report" }',
    ]);
    expect(parsed(parser, { auth: "always" }).problems).toEqual(['m.auth: found "always"; write "off" or "optional" or "required"']);
  });

  it("hands each of its settings to what reads it", () => {
    const parts = { retries: 1, fallback: 1, hedging: 1, criticality: 1, concurrency: 1, cache: 1, invalidates: 1 };
    const paths = parsed(parser, parts).problems.map((line) => line.split(":")[0]);
    for (const part of Object.keys(parts)) expect(paths).toContain(`m.${part}`);
    expect(accepted(parser, { cache: true, invalidates: ["a"], criticality: "sheddable" })).toMatchObject({
      cache: { path: "m.cache", ttlMs: 300_000 },
      invalidates: ["a"],
      criticality: 0,
    });
    expect(accepted((check, value) => parseRoute(check, "m", value as never, outer, new Map(), "http"), { cache: true }).cache?.ttlMs).toBe(
      0,
    );
  });
});
