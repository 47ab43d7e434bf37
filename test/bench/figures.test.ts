// The computations of the benchmark, with given measurements.
import { describe, expect, it } from "vitest";
import { percentile } from "../../bench/measure.ts";
import { parseOptions } from "../../bench/options.ts";
import { cpuMicrosOf } from "../../bench/process.ts";
import { comparisonOf, median, ratiosOf, table, withFigures } from "../../bench/report.ts";

describe("parseOptions", () => {
  const known = ["bare", "gateway"];

  it("measures everything for 10 s by default", () => {
    expect(parseOptions([], known)).toEqual({
      kind: "run",
      json: undefined,
      seconds: 10,
      only: known,
      connections: 16,
      readme: false,
      against: undefined,
    });
    expect(parseOptions(["--only", "gateway", "--seconds", "3", "--json", "x.json"], known)).toMatchObject({
      only: ["gateway"],
      seconds: 3,
      json: "x.json",
    });
  });

  it.each([
    [["--only", "gatewy"], /there is no subject gatewy; there are bare, gateway/],
    [["--seconds", "0"], /whole number/],
    [["--connections", "many"], /whole number/],
    [["--against", "test/bench"], /found no node_modules in test\/bench; name the folder of a checkout after npm ci/],
    [["--speed"], /--speed[\s\S]*usage:/],
  ])("refuses %j, and says what there is", (args, problem) => {
    expect(parseOptions(args, known)).toMatchObject({ kind: "invalid", problem: expect.stringMatching(problem) });
  });
});

it("takes the percentile that at least that share of all values does not exceed", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 95, 99, 100]);
  expect(percentile([], 0.5)).toBe(0);
});

it("takes the median of odd and even numbers of values", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it("reads processor time past a process name that holds anything", () => {
  const stat = `1 (a) (b) S 1 1 1 0 -1 0 0 0 0 0 12 34 0 0 20 0`;
  expect(cpuMicrosOf(stat)).toBe(460_000);
});

it("compares subjects round by round", () => {
  const ratios = ratiosOf([
    { name: "pass-through", cpuPerSlice: [100, 200, 100] },
    { name: "gateway", cpuPerSlice: [200, 400, 1000] },
  ]);
  expect(ratios["gateway"]).toEqual({ "pass-through": 2 });
  expect(ratios["pass-through"]).toEqual({});
});

describe("the comparison with another checkout", () => {
  it("is the median of the ratios of each round", () => {
    expect(comparisonOf([2, 4, 9], [1, 2, 3]).ratio).toBe(2);
  });

  it.each([
    [5, 0, 4], // few rounds: the interval covers all of them
    [6, 0, 5],
    [9, 1, 7],
    [20, 5, 14],
    [30, 9, 20],
  ])("of %i rounds has an interval from the value of rank %i to that of rank %i", (rounds, low, high) => {
    const cpu = Array.from({ length: rounds }, (_, index) => index + 1);
    const ones = cpu.map(() => 1);
    expect(comparisonOf(cpu, ones)).toMatchObject({ low: low + 1, high: high + 1 });
  });
});

describe("the table", () => {
  const figures = {
    cpuMicrosPerRequest: 123.4,
    requestsPerSecond: 1000,
    p50Ms: 1,
    p95Ms: 2,
    p99Ms: 3,
    errors: 0,
    bindingCallsPerRequest: 1,
    rssMiB: 70,
    firstRequestMs: 9,
    requests: 5,
  };
  const environment = {
    date: "2026-01-02T00:00:00Z",
    machine: "M",
    cores: 2,
    kernel: "6",
    node: "24",
    workerd: "1",
    connections: 16,
    seconds: 10,
    loadAverage: 1,
    stealShare: 0.01,
  };
  const text = table({ environment, subjects: { bare: figures, gateway: figures }, ratios: { gateway: { bare: 1 } } });

  it("names the machine and the date, and has a row for each subject", () => {
    expect(text).toContain("2026-01-02; M, 2 cores");
    expect(text.split("\n").filter((line) => /^\| (bare|gateway) /.test(line))).toHaveLength(2);
  });

  it("goes between the markers of the README, and replaces what stood there", () => {
    const readme = "a\n<!-- figures: written by `npm run bench -- --write-readme` -->\nold\n<!-- end of figures -->\nb\n";
    const once = withFigures(readme, text);
    expect(once).toContain(text);
    expect(once).not.toContain("old");
    expect(withFigures(once, text)).toBe(once);
    expect(() => withFigures("no markers", text)).toThrow("are not there");
  });
});
