// The table of metrics keeps the rules of Prometheus and OpenTelemetry, so that every format can show it.
import { describe, expect, it } from "vitest";
import { definitionOf, METRICS, type MetricDefinition } from "../../../core/metrics/definitions.ts";

/** What a caller can choose freely is no label. */
const FORBIDDEN = /path|key|address|principal|url|query|user/;

describe("METRICS", () => {
  it.each(METRICS.map((definition): [string, MetricDefinition] => [definition.name, definition]))(
    "%s",
    (name, { kind, unit, help, labels, merge }) => {
      expect(name).toMatch(/^tidegate_[a-z]+(_[a-z0-9]+)*$/);
      expect(name).not.toMatch(/_(total|seconds|count|sum|bucket|created|info)$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(unit).toMatch(/^(s|By|\{[a-z]+\})$/);
      if (kind === "histogram") expect(unit).toBe("s");
      if (merge !== undefined) expect(kind).toBe("gauge");
      for (const label of labels) {
        expect(label).toMatch(/^[a-z]+$/);
        expect(label).not.toMatch(FORBIDDEN);
      }
      expect(new Set(labels).size).toBe(labels.length);
      expect(definitionOf(name)?.name).toBe(name);
    },
  );

  it("names each metric once", () => {
    expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
  });
});
