// The series that `/metrics` can have, to compare queries with.
import { METRICS, type MetricDefinition } from "../../core/metrics/definitions.ts";
import { familyOf } from "../../core/metrics/exposition/family.ts";
import { OWN_METRICS } from "../../core/metrics/exposition/own-metrics.ts";

const FROM_PROMETHEUS = ["job", "instance", "le"];
/** Labels by the names of samples. */
const known = new Map<string, readonly string[]>(["up"].map((name) => [name, FROM_PROMETHEUS]));
for (const definition of [...METRICS, ...OWN_METRICS] as readonly MetricDefinition[]) {
  const { name } = familyOf(definition);
  const suffixes = definition.kind === "counter" ? ["_total"] : definition.kind === "gauge" ? [""] : ["", "_bucket", "_count", "_sum"];
  for (const suffix of suffixes) known.set(`${name}${suffix}`, [...definition.labels, ...FROM_PROMETHEUS]);
}

/** @param recorded names of recording rules @returns a line for each name and label of a query that does not exist */
export function problemsIn(query: string, recorded: readonly string[] = []): string[] {
  const problems: string[] = [];
  const labels = new Set<string>();
  for (const [, name, selectors] of query.matchAll(/\b((?:tidegate_\w+|up\b|\w+:\w+:\w+))(?:\{([^}]*)\})?/g)) {
    const own = known.get(name!);
    if (own === undefined) {
      if (!recorded.includes(name!)) problems.push(`no metric ${name}`);
      continue;
    }
    for (const label of own) labels.add(label);
    for (const [, label] of (selectors ?? "").matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g))
      if (!own.includes(label!)) problems.push(`no label ${label} of ${name}`);
  }
  for (const [, list] of query.matchAll(/\bby \(([^)]*)\)/g))
    for (const label of list!.split(/,\s*/))
      if (!labels.has(label) && ![...FROM_PROMETHEUS, "route"].includes(label)) problems.push(`no label ${label} in: ${query}`);
  return problems;
}
