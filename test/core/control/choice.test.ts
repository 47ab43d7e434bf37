// Which version of the configuration serves a request.
import { describe, expect, it } from "vitest";
import { isForCanary, requestedVersion } from "../../../core/control/choice.ts";

const canary = (percent: number, version = 7) => ({ version, digest: "", percent });
const CALLERS = Array.from({ length: 10_000 }, (_, n) => `Bearer ${n}`);
const served = (ref: ReturnType<typeof canary>) => CALLERS.filter((caller) => isForCanary(ref, caller, "weur"));

describe("isForCanary", () => {
  it.each([
    { percent: 0, least: 0, most: 0 },
    { percent: 0.5, least: 25, most: 80 },
    { percent: 5, least: 430, most: 570 },
    { percent: 100, least: 10_000, most: 10_000 },
  ])("gives $percent % of the callers to the canary", ({ percent, least, most }) => {
    const { length } = served(canary(percent));
    expect([length >= least, length <= most], `${length} callers`).toEqual([true, true]);
  });

  it("keeps the callers of a smaller share, and gives other canaries to other callers", () => {
    const few = served(canary(5));
    const more = new Set(served(canary(10)));
    expect(few.every((caller) => more.has(caller))).toBe(true);
    const again = new Set(served(canary(5, 8)));
    expect(few.filter((caller) => again.has(caller)).length).toBeLessThan(few.length / 2);
  });

  it("serves all callers of its region, and its share of the others", () => {
    const ref = { ...canary(0), region: "enam" } as const;
    expect([isForCanary(ref, "a", "enam"), isForCanary(ref, "a", "weur")]).toEqual([true, false]);
  });
});

it.each([
  { header: "live", want: { version: "live", credential: "" } },
  { header: "canary secret", want: { version: "canary", credential: "secret" } },
  { header: "12   tg_live_x", want: { version: 12, credential: "tg_live_x" } },
  { header: "", want: undefined },
  { header: "0", want: undefined },
  { header: "canary two words", want: undefined },
  { header: "Canary", want: undefined },
])("reads tidegate-version: $header", ({ header, want }) => {
  expect(requestedVersion(header)).toEqual(want);
});
