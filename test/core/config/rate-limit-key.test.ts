// The keys of rate-limit rules.
import { describe, expect, it } from "vitest";
import type { Proves } from "../../../core/config/auth.ts";
import { type Checks, checks } from "../../../core/config/problems.ts";
import { parseRule } from "../../../core/config/rate-limit.ts";
import { keyName } from "../../../core/config/rate-limit-key.ts";
import { readSetting } from "../../../core/config/read.ts";
import { accepted, parsed } from "./settings.ts";

const PROVES = { principals: true, claims: true };
const BASE = { capacity: 10, rate: 5 };
const parser = (check: Checks, value: unknown) => parseRule(check, "r", value, PROVES);
const rule = (more: object) => accepted(parser, { ...BASE, ...more });
const problems = (more: object) => parsed(parser, { ...BASE, ...more }).problems;

describe("the key of a rule", () => {
  it.each([
    [undefined, { kind: "ip" }],
    ["ip", { kind: "ip" }],
    ["route", { kind: "route" }],
    ["all", { kind: "all" }],
    ["principal", { kind: "principal" }],
    [{ header: "X-Api-Key" }, { kind: "header", header: "x-api-key" }],
    [{ claim: "org:id/x.y-z" }, { kind: "claim", claim: "org:id/x.y-z" }],
    [{ field: "order.customer_id" }, { kind: "field", field: "order.customer_id" }],
    [{ claim: "a".repeat(128) }, { kind: "claim", claim: "a".repeat(128) }],
  ])("belongs to %j as %j", (key, want) => expect(rule({ key }).key).toEqual(want));

  it.each([
    ["caller", 'rateLimits.r.key: found "caller"; write "ip" or "route" or "all" or "principal"'],
    [null, 'rateLimits.r.key: found null; write "ip" or "route" or "all" or "principal"'],
    [{}, 'rateLimits.r.key: found {}; name one thing: { header: "x-api-key" }'],
    [{ header: "a", claim: "b" }, 'rateLimits.r.key: found {"header":"a","claim":"b"}; name one thing: { header: "x-api-key" }'],
    [{ cookie: "a" }, 'rateLimits.r.key.cookie: found "a"; remove it, or write one of "header", "claim", "field"'],
    [{ claim: "a".repeat(129) }, "write a name: 1 to 128 letters, digits and . : / - _"],
    [{ claim: "a b" }, 'rateLimits.r.key.claim: found "a b"; write a name: 1 to 128 letters, digits and . : / - _'],
    [{ field: 7 }, "rateLimits.r.key.field: found 7; write a name: 1 to 128 letters, digits and . : / - _"],
    [{ header: "a b" }, "rateLimits.r.key.header: found \"a b\"; write the name of a header: 1 to 64 letters, digits and '-'"],
  ])("refuses the key %j", (key, words) => expect(problems({ key }).some((line) => line.includes(words))).toBe(true));

  it("belongs to principals and claims only where the configuration proves them", () => {
    const within = (proves: Proves, more: object) =>
      parsed((check: Checks, value: unknown) => parseRule(check, "r", value, proves), { ...BASE, ...more }).problems;
    const [nothing, keys] = [
      { principals: false, claims: false },
      { principals: true, claims: false },
    ];
    const unnamed = `say how callers prove who they are: auth at the top (docs/authentication.md)`;
    const unverified = "say whose tokens are verified: auth.issuers or auth.access at the top; claims of other tokens do not count";
    expect(within(nothing, { key: "principal" })).toEqual([`rateLimits.r.key: found "principal"; ${unnamed}`]);
    expect(within(keys, { key: "principal" })).toEqual([]);
    for (const proves of [nothing, keys]) {
      expect(within(proves, { key: { claim: "sub" } })).toEqual([`rateLimits.r.key.claim: found "sub"; ${unverified}`]);
      expect(within(proves, { tiers: { by: { claim: "plan" }, plans: {} } })).toEqual([
        `rateLimits.r.tiers.by.claim: found "plan"; ${unverified}`,
      ]);
    }
    expect(within(nothing, { tiers: { by: "principal", plans: {} } })).toEqual([`rateLimits.r.tiers.by: found "principal"; ${unnamed}`]);
    expect(within(nothing, { key: "route" })).toEqual([]);
  });
});

it("knows a former name that is text, and nothing else that reads like it", () => {
  const fixes = (value: unknown) => {
    const check = checks();
    readSetting(check, "key", keyName, value, undefined);
    return check.problems.map(({ fix }) => fix);
  };
  expect(fixes("everybody")).toEqual(['write "all", its new name']);
  for (const value of [["everybody"], { toString: () => "everybody" }, Object.create(null)])
    expect(fixes(value)).toEqual([expect.stringMatching(/^write "(?!.*new name)/)]);
});
