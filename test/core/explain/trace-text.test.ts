// Traces as text.
import { expect, it } from "vitest";
import type { TracedStep } from "../../../core/explain/trace-record.ts";
import { traceLines } from "../../../core/explain/trace-text.ts";

const step = (facts: Partial<TracedStep>): TracedStep => ({
  layer: "deadline",
  isAttempt: false,
  attempt: 0,
  outcome: "passed",
  reason: "",
  startMs: 0,
  selfMs: 0,
  values: [],
  settings: [],
  ...facts,
});
const record = {
  requestId: "id",
  at: 0,
  route: "a.v1.A/Get",
  httpMethod: "GET",
  protocol: "rest",
  status: 503,
  durationMs: 12,
  isTruncated: true,
};

it("writes the walk of a call as a timeline, with what each layer judged by", () => {
  const steps = [
    step({ values: [{ name: "readTimeoutMs", value: 5, source: "defaults.readTimeoutMs" }] }),
    step({ layer: "retry", outcome: "retried", startMs: 1, selfMs: 3 }),
    step({
      layer: "dispatch",
      attempt: 2,
      outcome: "failed",
      reason: "upstream_unreachable",
      startMs: 9,
      values: [{ name: "tried", value: 2, source: "" }],
    }),
  ];
  expect(traceLines({ ...record, steps })).toEqual([
    "GET  ->  a.v1.A/Get",
    "HTTP status 503 after 12 ms, protocol rest, request id",
    "",
    "  at ms  own ms  layer        outcome",
    "      0       0  deadline     passed",
    "                   readTimeoutMs 5  (defaults.readTimeoutMs)",
    "      1       3  retry        passed, more than once",
    "      9       0  dispatch #2  failed: upstream_unreachable",
    "                   tried 2",
    "The trace was too large: steps or settings are left out.",
  ]);
});

it("marks steps that have refused or failed, and no others", () => {
  const marks = { strong: (text: string) => `*${text}*`, faint: (text: string) => text };
  const shown = (["passed", "retried", "responded", "refused", "failed"] as const).map((outcome) =>
    traceLines({ ...record, isTruncated: false, steps: [step({ outcome })] }, marks)
      .at(-1)!
      .slice("      0       0  deadline  ".length),
  );
  expect(shown).toEqual(["passed", "passed, more than once", "responded", "*refused*", "*failed*"]);
});

it("marks refusals, and says where no route has matched", () => {
  const marks = { strong: (text: string) => `*${text}*`, faint: (text: string) => text };
  const lines = traceLines(
    { ...record, route: "", isTruncated: false, steps: [step({ outcome: "refused", reason: "unknown_path" })] },
    marks,
  );
  expect([lines[0], lines.at(-1)]).toEqual(["GET  ->  *no route*", "      0       0  deadline  *refused: unknown_path*"]);
});
