// Names of metrics as Prometheus has them: with the unit, and `_total` for counters.
import type { MetricDefinition } from "../definitions.ts";

/** Suffixes by unit. Other units are annotations of what is counted, which names have already. */
const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", "1": "ratio" };

export interface Family {
  readonly name: string; // with the unit, without `_total`
  readonly unit: string; // `seconds`, `bytes`, `ratio`; "" for none
}

/** @see OpenMetrics 1.0, "MetricFamily": the name of one with a unit ends with `_` and the unit */
export function familyOf({ name, unit: ucum }: MetricDefinition): Family {
  const unit = UNITS[ucum] ?? "";
  return { name: unit === "" || name.endsWith(`_${unit}`) ? name : `${name}_${unit}`, unit };
}
