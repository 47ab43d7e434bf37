// Which settings a parser ignores, and which test is that of a line.
import { describe, expect, it } from "vitest";
import { ignoring } from "./ignored-setting.ts";
import { isTestOf, type Line, outcomeOf, roundsApart, roundsOf } from "./lines.ts";

const ROUTE = ["readTimeoutMs", "auth", "rateLimits", "addresses"];

describe("a parser that ignores a setting", () => {
  it.each([
    ["cache.maxBytes", "cache", ["maxBytes"], true],
    ["defaults.cache.ttlMs", 'services["a.v1.A"].methods.Get.cache', ["ttlMs"], true],
    ["cache.maxBytes", "openapi", ["maxBytes"], false],
    ["rateLimits[name].rate", "rateLimits.first", ["rate"], true],
    ["rateLimits[name].rate", 'rateLimits["a-b"].tiers.plans.gold', ["rate"], false],
    ["rateLimits[name].tiers.plans[name].rate", 'rateLimits["a-b"].tiers.plans.gold', ["rate"], true],
    ["services[name].traffic.canaries[].percent", 'services["a.v1.A"].traffic.canaries[0]', ["percent"], true],
    ["defaults.readTimeoutMs", 'services["a.v1.A"].methods.Get', ROUTE, true],
    ["defaults.readTimeoutMs", "elsewhere", ["readTimeoutMs"], false],
    ["maxUrlBytes", "", ["maxUrlBytes"], true],
    ["maxUrlBytes", "headers", ["maxUrlBytes"], false],
  ])("%s at %s, with the settings %j: %s", (setting, path, known, isIgnored) => {
    const name = setting.split(".").at(-1)!;
    expect(name in ignoring(setting)(path, { [name]: 1, other: 2 }, known)).toBe(!isIgnored);
  });
});

const line = (test: string, setting = "a.b", file = "test/a.test.ts"): Line => ({ setting, file, test });

describe("a line", () => {
  it.each([
    ["refuses %s: %j", ["refuses it: {}"], true],
    ["refuses %s", ["grants it"], false],
    ["within", ["a group", "is a part within a title"], true],
    ["$setting has its effect", ["a.b has its effect"], true],
    ["$setting has its effect", ["x.a.b has its effect"], false],
  ])("%j is the test %j: %s", (test, titles, is) => expect(isTestOf(line(test), titles)).toBe(is));

  it("has a round with the others of its file whose tests differ, or one of its own", () => {
    const lines = [line("one"), line("$setting", "c"), line("$setting", "d"), line("one", "f"), line("one", "e", "test/b.test.ts")];
    const named = (rounds: readonly (readonly Line[])[]) => rounds.map((round) => round.map(({ test, setting }) => `${setting} ${test}`));
    expect(named(roundsOf(lines))).toEqual([["a.b one", "c $setting", "d $setting", "e one"], ["f one"]]);
    expect(named(roundsApart(lines))).toEqual([["a.b one", "e one"], ["c $setting"], ["d $setting"], ["f one"]]);
  });

  it.each([
    [
      [{ ancestorTitles: [], title: "one", status: "failed", failureMessages: ["no\nmore"], meta: { setting: "a.b" } }],
      { kind: "noticed", failure: "no" },
    ],
    [[{ ancestorTitles: [], title: "one", status: "passed", meta: { setting: "a.b" } }], { kind: "not noticed" }],
    [[{ ancestorTitles: [], title: "two", status: "failed" }], { kind: "no such test" }],
    [[], { kind: "not loaded" }],
  ])("of %j", (assertionResults, outcome) => {
    expect(outcomeOf(line("one"), [{ name: "/x/test/a.test.ts", status: "failed", message: "", assertionResults }], "/x")).toEqual(outcome);
  });
});
