// The settings of the fallback.
import { describe, expect, it } from "vitest";
import { NO_FALLBACK, parseFallback } from "../../../core/config/fallback.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, parsed } from "./settings.ts";

const UPSTREAM = { url: "https://a.example" };
const show = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

describe("a fallback", () => {
  const outer = { upstream: undefined, response: { outer: true } };
  const parser = (check: Checks, value: unknown) => parseFallback(check, "fallback", value, outer);
  itKnowsItsFields(parser, "fallback", ["upstream", "response"]);

  it("is another upstream, a message, or both; that of the outer settings, or none", () => {
    expect(accepted(parser, undefined)).toBe(outer);
    expect(accepted(parser, false)).toBe(NO_FALLBACK);
    expect(NO_FALLBACK).toEqual({ upstream: undefined, response: undefined });
    expect(accepted(parser, { response: { users: [] } })).toEqual({ upstream: undefined, response: { users: [] } });
    expect(accepted(parser, { upstream: UPSTREAM }).upstream?.endpoints).toHaveLength(1);
    expect(accepted(parser, { upstream: UPSTREAM }).response).toBeUndefined();
    for (const response of [null, [], "x", 7])
      expect(parsed(parser, { response }).problems).toEqual([
        `fallback.response: found ${show(response)}; write the response message as its JSON: { users: [] }`,
      ]);
    expect(parsed(parser, { answer: {} }).problems).toEqual(['fallback.answer: found {}; write "response", its new name']);
    expect(parsed(parser, { upstream: {} }).problems[0]).toContain("fallback.upstream: found {}");
  });
});
