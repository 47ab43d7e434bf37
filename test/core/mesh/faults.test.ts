// Faults that are injected: what options are accepted, and which calls get one.
import { describe, expect, it } from "vitest";
import { drawFault, FAULT_CODES, type FaultOptions, faultPlan, seededRandom } from "../../../core/mesh/faults.ts";

const METHODS = ["u.v1.U/Get", "u.v1.U/List"];
const rule = (overrides: object = {}) => ({ methods: ["u.v1.U/Get"], percent: 100, code: "unavailable", ...overrides });
const plan = (...rules: object[]) => faultPlan({ rules } as unknown as FaultOptions, METHODS);

describe("a plan of faults", () => {
  it("has the faults of each method, in the order of the rules, and 100 active ones", () => {
    const { byMethod, maxActive } = plan(rule({ percent: 1 }), rule({ methods: ["*"], delayMs: 20, code: undefined }));
    expect(byMethod.get("u.v1.U/Get")).toEqual([
      { percent: 1, delayMs: 0, code: "unavailable" },
      { percent: 100, delayMs: 20, code: undefined },
    ]);
    expect([byMethod.get("u.v1.U/List")?.length, maxActive]).toEqual([1, 100]);
  });

  it.each([
    [rule({ percent: 0 }), "faults.rules[0].percent: found 0; write a number above 0, at most 100"],
    [rule({ percent: 101 }), "faults.rules[0].percent: found 101"],
    [rule({ percent: "5" }), "faults.rules[0].percent: found 5"],
    [rule({ percent: Number.NaN }), "faults.rules[0].percent: found NaN"],
    [rule({ delayMs: 60_001 }), "faults.rules[0].delayMs: found 60001; write a whole number from 1 to 60000"],
    [rule({ delayMs: -1 }), "faults.rules[0].delayMs: found -1"],
    [rule({ code: "ok" }), 'faults.rules[0].code: found "ok"; write one of'],
    [rule({ code: undefined }), "faults.rules[0]: found no fault; write delayMs, code, or both"],
    [rule({ methods: [] }), "faults.rules[0].methods: write a list"],
    [rule({ methods: ["u.v1.U/Gone"] }), 'faults.rules[0].methods: found "u.v1.U/Gone", which names no method'],
  ])("refuses %j", (wrong, problem) => expect(() => plan(wrong)).toThrow(problem));

  it("refuses other shapes, and caps that are none", () => {
    expect(() => faultPlan({} as FaultOptions, METHODS)).toThrow("faults.rules: write a list of at most 100 rules");
    expect(() => plan(...Array.from({ length: 101 }, () => rule()))).toThrow("at most 100 rules");
    expect(() => faultPlan({ rules: [], maxActive: 0 }, METHODS)).toThrow(
      "faults.maxActive: found 0; write a whole number from 1 to 10000",
    );
  });

  it("knows 16 codes", () => expect(new Set(FAULT_CODES).size).toBe(16));
});

describe("a call", () => {
  it("gets the first fault that it draws", () => {
    const faults = plan(rule({ percent: 10 }), rule({ percent: 50, code: "internal" }));
    const drawn = (...numbers: number[]) => drawFault(faults, "u.v1.U/Get", () => numbers.shift()!)?.code;
    expect([drawn(0.09), drawn(0.1, 0.49), drawn(0.1, 0.5)]).toEqual(["unavailable", "internal", undefined]);
    expect(drawFault(faults, "u.v1.U/List", () => 0)).toBeUndefined();
  });

  it("gets the share that the rule has, the same ones for the same seed", () => {
    const faults = plan(rule({ percent: 25 }));
    const draw = (seed: number) => {
      const random = seededRandom(seed);
      return Array.from({ length: 4_000 }, () => drawFault(faults, "u.v1.U/Get", random) !== undefined);
    };
    const hits = draw(7);
    expect(hits).toEqual(draw(7));
    expect(hits).not.toEqual(draw(8));
    const share = hits.filter(Boolean).length / hits.length; // binomial: standard deviation 0.007
    expect(share).toBeGreaterThan(0.21);
    expect(share).toBeLessThan(0.29);
  });
});
