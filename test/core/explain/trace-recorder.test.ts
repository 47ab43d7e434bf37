// What is recorded of the layers of a call: own time, attempts side by side, bounds.
import { expect, it } from "vitest";
import { type LayerMark, TraceRecorder } from "../../../core/explain/trace-recorder.ts";

const mark = (layer: string): LayerMark => ({ layer, isAttempt: false });

it("counts the time of attempts that run side by side once", () => {
  const step = new TraceRecorder().enter(mark("hedge"), undefined, 0, 100);
  step.ranBelow(110, 150);
  step.ranBelow(130, 170);
  step.end({ outcome: "retried", reason: "" }, 180);
  expect(step.selfMs(0)).toBe(20);
});

it("finds the step that calls the layer below: of the same attempt, else the one that is open", () => {
  const recorder = new TraceRecorder();
  const shed = mark("shed");
  const [one, other] = [{}, {}];
  const first = recorder.enter(shed, one, 1, 0);
  const second = recorder.enter(shed, other, 2, 0);
  expect([recorder.caller(shed, one), recorder.caller(shed, other), recorder.caller(shed, {})]).toEqual([first, second, second]);
  second.end({ outcome: "passed", reason: "" }, 1);
  expect(recorder.caller(shed, other)).toBe(first);
  expect(recorder.caller(mark("shed"), one)).toBeUndefined();
});

it("notes values at the open step of a layer, each name once, and a bounded number", () => {
  const recorder = new TraceRecorder();
  const step = recorder.enter(mark("cache"), undefined, 0, 0);
  recorder.note("cache", { outcome: "miss" });
  recorder.note("cache", { outcome: "hit" });
  recorder.note("other", { outcome: "none" });
  expect([...step.values]).toEqual([["outcome", "hit"]]);
  for (let n = 0; n < 100; n++) recorder.note("cache", { [`n${n}`]: n });
  expect(step.values.size).toBe(32);
  step.end({ outcome: "responded", reason: "" }, 1);
  recorder.note("cache", { outcome: "late" });
  expect(step.values.get("outcome")).toBe("hit");
});

it("records a bounded number of steps, and none after the response", () => {
  const recorder = new TraceRecorder();
  for (let n = 0; n < 200; n++) recorder.enter(mark("dispatch"), undefined, 0, 0);
  expect([recorder.steps.length, recorder.isTruncated]).toEqual([160, true]);
  const ended = new TraceRecorder();
  ended.end();
  ended.enter(mark("dispatch"), undefined, 0, 0);
  expect(ended.steps).toEqual([]);
});
