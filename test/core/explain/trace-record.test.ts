// Records of traced calls: their size is bounded.
import { expect, it } from "vitest";
import { TRACE_BOUNDS, type TracedStep, type TraceRecord, traceText } from "../../../core/explain/trace-record.ts";

const step = (settings: number): TracedStep => ({
  layer: "retry",
  isAttempt: false,
  attempt: 0,
  outcome: "passed",
  reason: "",
  startMs: 0,
  selfMs: 0,
  values: [],
  settings: Array.from({ length: settings }, (_, index) => ({ name: `setting-${index}`, value: "x".repeat(100), source: "default" })),
});
const record = (steps: readonly TracedStep[]): TraceRecord => ({
  requestId: "id",
  at: 0,
  route: "r",
  httpMethod: "GET",
  protocol: "rest",
  status: 200,
  durationMs: 1,
  isTruncated: false,
  steps,
});

it("stores a small record as it is", () => {
  expect(JSON.parse(traceText(record([step(2)])))).toEqual(record([step(2)]));
});

it("stores a record of the largest size whole, and of one more character without its settings", () => {
  const sized = (length: number): TraceRecord => {
    const one = record([step(1)]);
    return { ...one, route: "r".repeat(length - JSON.stringify(one).length + one.route.length) };
  };
  const largest = sized(TRACE_BOUNDS.maxRecordBytes);
  expect(JSON.parse(traceText(largest))).toEqual(largest);
  expect(JSON.parse(traceText(sized(TRACE_BOUNDS.maxRecordBytes + 1)))).toMatchObject({ isTruncated: true, steps: [{ settings: [] }] });
});

it("leaves out settings first, then steps from the end", () => {
  const many = JSON.parse(traceText(record(Array.from({ length: 20 }, () => step(50))))) as TraceRecord;
  expect([many.isTruncated, many.steps.length, many.steps[0]!.settings]).toEqual([true, 20, []]);
  const text = traceText(record(Array.from({ length: 2_000 }, () => step(0))));
  expect(text.length).toBeLessThanOrEqual(TRACE_BOUNDS.maxRecordBytes);
  expect((JSON.parse(text) as TraceRecord).steps.length).toBeGreaterThan(100);
});
