// The table of docs/metrics.md has every metric as it is defined, and no other.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { METRICS, type MetricDefinition } from "../../../core/metrics/definitions.ts";

it("lists every metric with kind, unit, labels and meaning", () => {
  const text = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => /^\| `tidegate_\w+` \|/.test(line));
  const expected = METRICS.map(({ name, kind, unit, labels, help }: MetricDefinition) => {
    const names = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${kind} | ${unit === "" ? "" : `\`${unit}\``} | ${names} | ${help} |`;
  });
  expect(rows).toEqual(expected);
});
