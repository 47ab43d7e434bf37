// Paths that two routes claim: HTTP rules that take each other's paths, and prefixes of plain HTTP that rules or methods take paths of.
import { join } from "../../../core/config/problems.ts";
import type { RestRoute } from "../../../workers/gateway/transcode/rules/rules.ts";
import { type Facts, fieldsOf, note, type Rule, type Suspicion, warning } from "./facts.ts";

export const routeRules: Rule = (facts) => [...shadowedRules(facts), ...prefixes(facts), ...casing(facts)];

type Segments = readonly string[];

/** The more specific of two rules that match the same path gets it; the other one never does. */
function shadowedRules(facts: Facts): Suspicion[] {
  const { rest } = facts;
  return rest.flatMap((one, index) =>
    rest.slice(index + 1).flatMap((other): Suspicion[] => {
      if (one.method === other.method || !sharesMethod(one, other) || one.template.verb !== other.template.verb) return [];
      if (!overlap(one.template.segments, other.template.segments)) return [];
      const [narrow, wide] = isNarrower(one, other) ? [one, other] : [other, one];
      const found = `${shown(narrow)}, which takes paths of ${shown(wide)} (${wide.name})`;
      const fix = "change one of the two templates, or see that no value of the other one is a literal of this one";
      return [warning(pathOf(facts, narrow), found, fix)];
    }),
  );
}

const shown = ({ httpMethod, template }: RestRoute): string => `${httpMethod} ${template.text}`;

function sharesMethod(one: RestRoute, other: RestRoute): boolean {
  return one.httpMethod === other.httpMethod; // a rule for `*` gets what no rule for the method takes, which is its purpose
}

function isNarrower({ template: { segments } }: RestRoute, { template: { segments: others } }: RestRoute): boolean {
  const index = segments.findIndex((segment, at) => segment !== others[at]);
  return !segments[index]?.startsWith("*") || (segments[index] === "*" && others[index] === "**");
}

/** Whether some path matches both. */
function overlap([one, ...ones]: Segments, [other, ...others]: Segments): boolean {
  if (one === "**" || other === "**") return true;
  if (one === undefined || other === undefined) return one === other;
  return (one === "*" || other === "*" || one === other) && overlap(ones, others);
}

/** The setting that has the rule, or the method, whose proto has it. */
function pathOf({ written }: Facts, { method }: RestRoute): string {
  const path = join("services", method.parent.typeName);
  const service = fieldsOf(fieldsOf(written["services"])[method.parent.typeName]);
  const own = fieldsOf(fieldsOf(service["methods"])[method.name]);
  if (own["http"] !== undefined) return `${join(`${path}.methods`, method.name)}.http`;
  return join(`${path}.methods`, method.name);
}

/** RPC calls and HTTP rules come before plain HTTP: the upstream of a prefix gets only what they leave. */
function prefixes({ policy, rest, services }: Facts): Suspicion[] {
  return [...policy.httpRoutes.keys()].flatMap((prefix): Suspicion[] => {
    if (prefix === "/") return [];
    const at = join("httpRoutes", prefix);
    const owned = services.find(({ typeName }) => prefix.startsWith(`/${typeName}/`));
    if (owned !== undefined) {
      const found = `a prefix of RPC paths: calls of ${owned.typeName} never get there`;
      return [warning(at, found, "write a prefix that is no path of a service")];
    }
    if (/^\/(docs|healthz|openapi\.json)\/$/.test(prefix) && prefix !== "/healthz/")
      return [warning(at, "a prefix where the gateway itself responds", "write another prefix")];
    const given = prefix.split("/").slice(1, -1);
    const taken = rest.filter(
      ({ template: { segments } }) => overlap(given, segments.slice(0, given.length)) && segments.length > given.length,
    );
    const close = taken.filter(({ template: { segments } }) => segments.length === given.length + 1);
    const [first] = close.length > 0 ? close : taken;
    if (first === undefined) return [];
    const found = `a prefix of ${taken.length} HTTP rules, such as ${shown(first)} (${first.name}), which come first`;
    const fix = "write a prefix that no rule lies below, unless the upstream is meant to get the remaining paths only";
    return [(close.length > 0 ? warning : note)(at, found, fix)];
  });
}

/** Prefixes that many servers read as one. */
function casing({ policy }: Facts): Suspicion[] {
  const seen = new Map<string, string>();
  return [...policy.httpRoutes.keys()].flatMap((prefix) => {
    const other = seen.get(prefix.toLowerCase());
    seen.set(prefix.toLowerCase(), prefix);
    if (other === undefined) return [];
    return [warning(join("httpRoutes", prefix), `a prefix like ${other} in another case`, "write one of the two")];
  });
}
