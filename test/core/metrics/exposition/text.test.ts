// Metrics as text, letter by letter.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MetricSnapshot } from "../../../../core/metrics/exposition/snapshot.ts";
import { type TextFormat, writeText } from "../../../../core/metrics/exposition/text.ts";
import { SAMPLES } from "./samples.ts";

const STARTED_AT = 1_700_000_000_500;
const textOf = (metrics: readonly MetricSnapshot[], format: TextFormat, maxLength = 1_000_000) =>
  writeText({ metrics, startedAt: STARTED_AT }, format, maxLength);

const LEFT_OUT = [
  "# HELP tidegate_series_left_out Series for which this response had no room.",
  "# TYPE tidegate_series_left_out gauge",
  "tidegate_series_left_out 0",
];
const { calls, bytes, waiting, duration } = SAMPLES;

describe("Prometheus' text", () => {
  it("has _total, units, and no label without a value", () => {
    expect(textOf([calls, bytes, waiting], "prometheus").body).toBe(
      [
        "# HELP tidegate_calls_total Calls that have ended.",
        "# TYPE tidegate_calls_total counter",
        'tidegate_calls_total{route="users.v1.UserService/GetUser",code="ok"} 12',
        'tidegate_calls_total{route="users.v1.UserService/GetUser",code="unavailable",reason="no_endpoint"} 3',
        "# HELP tidegate_call_bytes_total Bytes of bodies.",
        "# TYPE tidegate_call_bytes_total counter",
        'tidegate_call_bytes_total{direction="in"} 1e+21',
        "# HELP tidegate_calls_waiting Calls in a queue.",
        "# TYPE tidegate_calls_waiting gauge",
        "tidegate_calls_waiting 0.5",
        ...LEFT_OUT,
        "",
      ].join("\n"),
    );
  });

  it("has fixed buckets of a histogram, in seconds, and no _created", () => {
    const { body } = textOf([duration], "prometheus");
    expect(body).toContain("# TYPE tidegate_call_duration_seconds histogram\n");
    expect(body).toContain('tidegate_call_duration_seconds_bucket{route="a",le="0.001"} 1\n');
    expect(body).toContain('tidegate_call_duration_seconds_bucket{route="a",le="0.005"} 3\n');
    expect(body).toContain('tidegate_call_duration_seconds_bucket{route="a",le="1"} 4\n');
    expect(body).toContain('tidegate_call_duration_seconds_bucket{route="a",le="100"} 4\n');
    expect(body).toContain('tidegate_call_duration_seconds_bucket{route="a",le="+Inf"} 5\n');
    expect(body).toContain('tidegate_call_duration_seconds_sum{route="a"} 200.26\ntidegate_call_duration_seconds_count{route="a"} 5\n');
    expect(body).not.toContain("_created");
    expect(body).not.toContain("# EOF");
  });

  it("escapes what would end a value or a line", () => {
    const [one] = calls.series;
    const odd: MetricSnapshot = {
      definition: { ...calls.definition, help: 'a\\b\n"c"' },
      series: [{ ...one!, labels: ['x"} 1\ntidegate_forged 1 \\', "\ud800", ""] }],
    };
    expect(textOf([odd], "prometheus").body).toBe(
      [
        '# HELP tidegate_calls_total a\\\\b\\n"c"',
        "# TYPE tidegate_calls_total counter",
        'tidegate_calls_total{route="x\\"} 1\\ntidegate_forged 1 \\\\",code="\ufffd"} 12',
        ...LEFT_OUT,
        "",
      ].join("\n"),
    );
    expect(textOf([odd], "openmetrics").body).toContain('# HELP tidegate_calls a\\\\b\\n\\"c\\"\n');
  });
});

describe("OpenMetrics", () => {
  it("names families without _total, states units, and ends with EOF", () => {
    const { body } = textOf([bytes, duration], "openmetrics");
    expect(body.split("\n").slice(0, 5)).toEqual([
      "# HELP tidegate_call_bytes Bytes of bodies.",
      "# TYPE tidegate_call_bytes counter",
      "# UNIT tidegate_call_bytes bytes",
      'tidegate_call_bytes_total{direction="in"} 1e+21',
      "# HELP tidegate_call_duration_seconds Time of a call.",
    ]);
    expect(body).toContain('le="1.0"} 4\n');
    expect(body).toContain('tidegate_call_duration_seconds_created{route="a"} 1700000000.5\n');
    expect(body.endsWith("\n# EOF\n")).toBe(true);
  });
});

it.each<TextFormat>(["prometheus", "openmetrics"])("of %s is bounded: series are left out whole, and counted", (format) => {
  const many: MetricSnapshot = {
    definition: calls.definition,
    series: Array.from({ length: 1_000 }, (_, number) => ({ labels: [`route${number}`, "ok", ""], value: number })),
  };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60_000 }), (maxLength) => {
      const { body, leftOut } = textOf([many, waiting], format, maxLength);
      const lines = body.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
      expect(lines.length - 1 + leftOut).toBe(1_001);
      expect(lines.at(-1)).toBe(`tidegate_series_left_out ${leftOut}`);
      expect(body.length).toBeLessThanOrEqual(maxLength + LEFT_OUT.join("\n").length + "1001\n# EOF\n".length);
      for (const line of lines) expect(line).toMatch(/^tidegate_\w+(\{[^}]+\})? [\d.]+$/);
    }),
  );
});
