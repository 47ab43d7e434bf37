// Bars of a trace: inside the lane, whatever the times are, and every value as one line.
import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { barsOf, outcomeText, valueText, wholeMs } from "../../../../console/src/views/trace/steps.ts";
import { StepOutcome, TraceSchema } from "../../../../protos/gen/tidegate/control/v1/trace_pb.ts";

const times = fc.record({ startMs: fc.nat(100_000), selfMs: fc.nat(100_000) });

describe("the bars of a trace", () => {
  it("are inside their lane, and no shorter than a line", () => {
    fc.assert(
      fc.property(fc.array(times), fc.nat(10_000), (steps, durationMs) => {
        for (const { leftPercent, widthPercent } of barsOf(create(TraceSchema, { durationMs, steps }))) {
          expect(leftPercent).toBeGreaterThanOrEqual(0);
          expect(widthPercent).toBeGreaterThanOrEqual(0.4);
          expect(leftPercent + widthPercent).toBeLessThanOrEqual(100.000_001);
        }
      }),
    );
  });

  it("stand where the step was in the time of the call", () => {
    const steps = [
      { layer: "rate-limit", startMs: 0, selfMs: 50 },
      { layer: "dispatch", isAttempt: true, attempt: 2, startMs: 50, selfMs: 150 },
    ];
    const trace = create(TraceSchema, { durationMs: 200, steps });
    expect(wholeMs(trace)).toBe(200);
    expect(barsOf(trace)).toMatchObject([
      { name: "rate-limit", depth: 0, leftPercent: 0, widthPercent: 25 },
      { name: "dispatch #2", depth: 1, leftPercent: 25, widthPercent: 75 },
    ]);
  });
});

it("knows that an outcome may be one of a later gateway", () => {
  expect(outcomeText(StepOutcome.REFUSED)).toEqual(["refused", "bad"]);
  expect(outcomeText(99 as StepOutcome)).toEqual(["unknown", "quiet"]);
});

it.each<[JsonValue, string]>([
  ["closed", "closed"],
  [24, "24"],
  [false, "false"],
  [null, "none"],
  [["a", 1], '["a", 1]'],
  [{ plan: "free" }, '{ plan: "free" }'],
])("writes %j as %s", (value, text) => {
  expect(valueText(fromJson(ValueSchema, value))).toBe(text);
});
