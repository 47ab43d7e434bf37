// Records of traced calls: values with the sources of their settings.
import { expect, it } from "vitest";
import { traceOf } from "../../../core/explain/trace-of.ts";
import { TraceRecorder } from "../../../core/explain/trace-recorder.ts";

it("gives values of settings their sources, and each layer its settings once", () => {
  const recorder = new TraceRecorder();
  const mark = { layer: "retry", isAttempt: true };
  for (const number of [1, 2]) {
    const step = recorder.enter(mark, {}, number, 100);
    recorder.note("retry", { "retries.max": 2, attempts: number });
    step.end({ outcome: "passed", reason: "" }, 130);
  }
  const settings = [
    { name: "retries.max", value: 2, source: "defaults.retries.max" },
    { name: "readTimeoutMs", value: 5, source: "default" },
  ];
  const facts = { requestId: "id", at: 90, route: "r", httpMethod: "GET", protocol: "rest", status: 200, isStream: false };
  const { steps, ...record } = traceOf(facts, recorder, settings, 200);
  expect(record).toEqual({
    requestId: "id",
    at: 90,
    route: "r",
    httpMethod: "GET",
    protocol: "rest",
    status: 200,
    durationMs: 110,
    isTruncated: false,
  });
  expect(steps[0]).toMatchObject({ layer: "retry", isAttempt: true, attempt: 1, startMs: 10, selfMs: 30, settings: [settings[0]] });
  expect(steps[0]!.values).toEqual([
    { name: "retries.max", value: 2, source: "defaults.retries.max" },
    { name: "attempts", value: 1, source: "" },
  ]);
  expect(steps[1]!.settings).toEqual([]);
});
