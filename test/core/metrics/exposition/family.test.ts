// Names of metrics as Prometheus has them.
import { expect, it } from "vitest";
import { familyOf } from "../../../../core/metrics/exposition/family.ts";

it.each([
  ["time", "s", { name: "time_seconds", unit: "seconds" }],
  ["size", "By", { name: "size_bytes", unit: "bytes" }],
  ["hits", "1", { name: "hits_ratio", unit: "ratio" }],
  ["size_bytes", "By", { name: "size_bytes", unit: "bytes" }],
  ["calls", "{call}", { name: "calls", unit: "" }],
  ["calls", "", { name: "calls", unit: "" }],
])("names %s in %j with its unit", (name, unit, want) => {
  expect(familyOf({ name, kind: "gauge", unit, help: "", labels: [] })).toEqual(want);
});
