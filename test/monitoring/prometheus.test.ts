// The rules and alerts of Prometheus: promtool accepts them and runs their tests, and each alert is tested both ways.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { installed } from "./installed.ts";
import { problemsIn } from "./known-series.ts";

const RULES = "monitoring/prometheus/tidegate.rules.yml";
const TESTS = "monitoring/prometheus/tidegate.rules.test.yml";
const rules = readFileSync(RULES, "utf8");
const tests = readFileSync(TESTS, "utf8");
const alerts = [...rules.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);
const promtool = installed("promtool");

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(promtool!, args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the alerts", () => {
  it("are there for the rates of a healthy gateway", () => {
    expect(alerts).toEqual(
      expect.arrayContaining(["TidegateServerErrors", "TidegateTimeouts", "TidegateBreakerRefusals", "TidegateGatewaySlow"]),
    );
  });

  it.each(alerts)("%s is tested where it fires and where it does not", (alert) => {
    expect(tests).toMatch(new RegExp(`alertname: ${alert}\\n +eval_time: \\w+\\n +exp_alerts:\\n`));
    expect(tests).toMatch(new RegExp(`alertname: ${alert}, eval_time: \\w+, exp_alerts: \\[\\]`));
  });

  it("and the recording rules use metrics and labels that the gateway has", () => {
    const expressions = [...rules.matchAll(/^ +expr: (?:>-\n((?: {10}.*\n)+)|(.*)$)/gm)].map(([, folded, plain]) => folded ?? plain!);
    expect(expressions.length).toBe(rules.match(/expr:/g)!.length);
    const recorded = [...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name!);
    expect(expressions.flatMap((expression) => problemsIn(expression, recorded))).toEqual([]);
  });
});

describe.skipIf(promtool === undefined)("promtool", () => {
  it("accepts the rules", () => {
    const { status, output } = run("check", "rules", RULES);
    expect([status, output]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  it("runs their tests", () => {
    const { status, output } = run("test", "rules", TESTS);
    expect([status, output]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });
});
