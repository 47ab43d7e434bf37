// The computations of the benchmark, with given measurements.
import { describe, expect, it } from "vitest";
import { cpuMicrosOf } from "../../bench/figures/process.ts";
import { decisions, ratiosOf, table, withFigures } from "../../bench/figures/report.ts";
import { bootstrap, median, shuffled } from "../../bench/figures/statistics.ts";
import { percentile } from "../../bench/measure.ts";
import { parseOptions } from "../../bench/options.ts";
import { selfTimes } from "../../bench/profile.ts";

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
      cpuOnly: false,
      rate: undefined,
      network: undefined,
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
    [["--rate", "0"], /--rate: write a whole number/],
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

/** A generator that gives the same numbers in each run. @see L'Ecuyer, multiplicative congruential generator */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

describe("the bootstrap of paired rounds", () => {
  it("is the median of the ratios of each round", () => {
    expect(bootstrap([2, 4, 9], [1, 2, 3], seeded(1)).ratio).toBe(2);
  });

  it("has no width where all rounds agree, and stays within the ratios where they do not", () => {
    expect(bootstrap([2, 4, 6], [1, 2, 3], seeded(1))).toEqual({ ratio: 2, low: 2, high: 2 });
    const { low, high } = bootstrap([1, 2, 3, 4, 5, 6, 7, 8, 9], Array(9).fill(1), seeded(7));
    expect([low, high]).toEqual([2, 8]); // ranks 2 and 8 of 9 are the exact interval of the sign test, too
  });

  it("covers the true median in about 95 % of samples", () => {
    const random = seeded(11);
    let covered = 0;
    for (let sample = 0; sample < 60; sample++) {
      const values = Array.from({ length: 30 }, random); // uniform: the true median is 0.5
      const { low, high } = bootstrap(values, Array(30).fill(1), random);
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThanOrEqual(52);
  });
});

it("shuffles into every order equally often, and loses nothing", () => {
  const counts = new Map<string, number>();
  const random = seeded(3);
  for (let time = 0; time < 6_000; time++) {
    const order = shuffled([1, 2, 3], random).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

describe("the goals", () => {
  const rounds = (name: string, cpu: number, count = 30) => ({ name, cpuPerSlice: Array<number>(count).fill(cpu) });

  it.each([
    [1.2, "met"], // 0.05 above the goal
    [1.21, "missed"],
  ])("counts %d x floor as %s", (ratio, decision) => {
    const lines = decisions([rounds("floor", 100), rounds("gateway", 100 * ratio)], seeded(1));
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^gateway: ${ratio}.* x floor; goal 1.15: ${decision}$`))]);
  });

  it("needs 30 rounds, in which floor over pass-through is narrow", () => {
    const [last] = decisions([rounds("floor", 110), rounds("pass-through", 100)], seeded(1)).slice(-1);
    expect(last).toMatch(/^floor: 1\.100 .* x pass-through; the run counts$/);
    expect(decisions([rounds("floor", 110, 29), rounds("pass-through", 100, 29)], seeded(1)).at(-1)).toContain("fewer than 30 rounds");
    const wide = { name: "floor", cpuPerSlice: Array.from({ length: 30 }, (_, round) => 100 + 5 * round) };
    expect(decisions([wide, rounds("pass-through", 100)], seeded(1)).at(-1)).toContain("an interval wider than 0.1");
  });
});

it("sums the self time of a profile by function, as shares of the time that the isolate was busy", () => {
  const node = (id: number, functionName: string) => ({ id, callFrame: { functionName, url: "main.js", lineNumber: id } });
  const nodes = [node(1, "(idle)"), node(2, "handle"), node(3, "handle"), node(4, "(garbage collector)"), node(5, "")];
  const profile = { nodes, samples: [1, 2, 3, 4, 5], timeDeltas: [900, 40, 20, 30, 10] };
  expect(selfTimes(profile)).toEqual([
    ["handle", 0.6],
    ["(garbage collector)", 0.3],
    ["(line 6)", 0.1],
  ]);
});

describe("the table", () => {
  const figures = {
    cpuMicrosPerRequest: 123.4,
    requestsPerSecond: 1000,
    p50Ms: 1,
    p95Ms: 2,
    p99Ms: 3,
    errors: {},
    allocatedBytes: 21_000,
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
