// The settings of the control plane: their defaults, their bounds, and that somebody may publish.
import { describe, expect, it } from "vitest";
import { parseControl } from "../../../core/config/control.ts";
import { checks } from "../../../core/config/problems.ts";

function parse(value: unknown, admin: unknown) {
  const check = checks();
  return { policy: parseControl(check, "control", value, admin), problems: check.problems };
}

describe("parseControl", () => {
  it("is off where nothing is written", () => {
    expect(parse(undefined, undefined)).toEqual({ policy: undefined, problems: [] });
  });

  it("fills in the defaults", () => {
    expect(parse({}, {})).toEqual({ policy: { coldWaitMs: 500, pollMs: 5_000, kv: undefined }, problems: [] });
  });

  it("requires that somebody may publish", () => {
    const { problems } = parse({}, undefined);
    expect(problems).toMatchObject([{ path: "control", fix: expect.stringContaining("admin:") }]);
  });

  it.each([
    { written: { coldWaitMs: -1 }, path: "control.coldWaitMs" },
    { written: { coldWaitMs: 10_001 }, path: "control.coldWaitMs" },
    { written: { pollMs: 99 }, path: "control.pollMs" },
    { written: { kv: "two words" }, path: "control.kv" },
    { written: { poll: 250 }, path: "control.poll" },
  ])("reports $written", ({ written, path }) => {
    expect(parse(written, {}).problems.map((problem) => problem.path)).toEqual([path]);
  });
});
