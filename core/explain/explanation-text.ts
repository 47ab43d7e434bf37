// An explanation as text for the terminal.
import type { ExplainedStep, Explanation, OwnExplanation, RefusalExplanation, RouteExplanation } from "./explanation.ts";
import type { EffectiveSetting, ShownValue } from "./setting-value.ts";

/** Marks parts of the text; without colors each returns it as it is. */
export interface Marks {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

export const PLAIN: Marks = { strong: (text) => text, faint: (text) => text };

/** @returns lines, each without its end */
export function explanationLines(explanation: Explanation, marks: Marks = PLAIN): readonly string[] {
  switch (explanation.kind) {
    case "route":
      return routeLines(explanation, marks);
    case "refused":
      return refusalLines(explanation, marks);
    case "own":
      return ownLines(explanation, marks);
  }
}

function routeLines(explanation: RouteExplanation, marks: Marks): readonly string[] {
  const { method, path, route, protocol, rule, methodKind, notes, settings, steps, isAdmin } = explanation;
  const facts = [
    `protocol ${protocol}`,
    ...(rule === undefined ? [] : [`HTTP rule ${rule}`]),
    ...(methodKind === undefined ? ["plain HTTP"] : [methodKind.replaceAll("_", " ")]),
    ...(isAdmin ? ["for admins"] : []),
  ];
  const upstream = settings.filter(({ name }) => name.startsWith("upstream.endpoints"));
  return [
    `${method} ${path}  ->  ${marks.strong(route)}`,
    facts.join(", "),
    ...notes,
    "",
    marks.strong("Upstream"),
    ...(upstream.length === 0 ? ["  in this gateway"] : table(upstream, "  ", marks)),
    "",
    marks.strong("Layers, in order"),
    ...stepLines(steps, marks),
    "",
    marks.strong("Policy"),
    ...table(settings, "  ", marks),
  ];
}

function refusalLines(explanation: RefusalExplanation, marks: Marks): readonly string[] {
  const { method, path, protocol, reason, message, status, allow, nearest, steps } = explanation;
  return [
    `${method} ${path}  ->  ${marks.strong(`refused: ${reason}`)}`,
    `protocol ${protocol}, HTTP status ${status}: ${message}`,
    ...(allow.length === 0 ? [] : [`allowed at this path: ${allow.join(", ")}`]),
    ...(nearest.length === 0 ? [] : ["", marks.strong("Nearest routes"), ...nearest.map((route) => `  ${route}`)]),
    "",
    marks.strong("Layers, in order"),
    ...stepLines(steps, marks),
  ];
}

function ownLines({ method, path, status, notes }: OwnExplanation, marks: Marks): readonly string[] {
  return [`${method} ${path}  ->  ${marks.strong("the gateway itself")}`, `HTTP status ${status}, before any layer`, ...notes];
}

function stepLines(steps: readonly ExplainedStep[], marks: Marks, indent = ""): readonly string[] {
  let isRepeated = false; // below `retry` and `hedge`
  return steps.flatMap((step, index) => {
    const { layer, settings, other } = step;
    const number = String(index + 1).padStart(2);
    const head = `  ${indent}${number} ${marks.strong(layer)}${isRepeated ? marks.faint("  once per attempt") : ""}`;
    isRepeated ||= layer === "retry" || layer === "hedge";
    const branch = other === undefined ? [] : [`  ${indent}   otherwise:`, ...stepLines(other, marks, `${indent}   `)];
    return [head, ...table(settings, `  ${indent}     `, marks), ...branch];
  });
}

/** Names, values and sources in three columns. */
export function table(settings: readonly EffectiveSetting[], indent: string, marks: Marks): readonly string[] {
  const rows = settings.map(({ name, value, source }) => [name, valueText(value), source] as const);
  const widths = [0, 1].map((column) => Math.min(48, Math.max(0, ...rows.map((row) => row[column]!.length))));
  return rows.map(([name, value, source]) => `${indent}${name.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${marks.faint(source)}`);
}

export function valueText(value: ShownValue): string {
  if (value === null) return "none";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(", ");
  return String(value);
}
