// Compiles the HTTP rules of all services into one table of routes, and reports all problems at once.
import {
  create,
  createRegistry,
  type DescFile,
  type DescMethod,
  type DescService,
  getOption,
  hasOption,
  type Registry,
} from "@bufbuild/protobuf";
import { Derived } from "../../../../core/config/derived.ts";
import type { HttpRuleOverride } from "../../../../core/config/method-override.ts";
import { type Problem, suggest } from "../../../../core/config/problems.ts";
import { createPathTrie, type PathMatch } from "../../../../core/transcode/path-trie.ts";
import { http } from "../../../../protos/gen/google/api/annotations_pb.ts";
import { type HttpRule, HttpRuleSchema } from "../../../../protos/gen/google/api/http_pb.ts";
import { type CompiledRule, compileRule, type RestOptions, type RestRoute } from "./rule.ts";

export type { RestOptions, RestRoute } from "./rule.ts";

/** Rules as they are compiled: versions of a configuration share them where they say the same. */
const COMPILED = new Derived<HttpRule, CompiledRule>();
const TABLES = new Derived<RestOptions, CompiledRest>();
const WRITTEN = new Derived<DescMethod, HttpRule>(); // in protos
const CONFIGURED = new Derived<HttpRuleOverride, HttpRule>();

export interface RestTable {
  readonly routes: readonly RestRoute[];
  /** @param path canonical. @returns the decoded values in the order of `route.variables` */
  match(httpMethod: string, path: string): PathMatch<RestRoute>;
}

/** Rules of the configuration by full method name; each list replaces the rules in the proto. */
export type ConfiguredRules = ReadonlyMap<string, readonly HttpRuleOverride[]>;

export interface CompiledRest {
  readonly table: RestTable;
  /** Problems of rules in protos: invalid, not supported, or with the same paths as another rule. Such rules are not in the table. */
  readonly problems: readonly Problem[];
  /** The same for rules of the configuration. */
  readonly mistakes: readonly Problem[];
}

/** One rule to compile. */
interface Candidate {
  readonly method: DescMethod;
  readonly rule: HttpRule;
  readonly path: string | undefined; // path of the setting, part of messages; undefined for a rule of the proto
}

/**
 * Compiles the rules of services into one table. A rule that is invalid, or has the same paths as another one, is left out; all others are
 * used. Rules of the configuration have precedence over rules in protos, and rules of earlier services over those of later ones.
 */
export function compileRest(
  services: readonly DescService[],
  options: RestOptions = {},
  configured: ConfiguredRules = new Map(),
): CompiledRest {
  const settings = options.registry === undefined ? { ...options, registry: typesOf(services) } : options;
  const problems: Problem[] = [];
  const candidates = candidatesOf(services, options.rules ?? [], configured, problems);
  if (problems.length > 0) return compileTable(candidates, settings, problems);
  const made = candidates.flatMap(({ method, rule, path }) => [method, rule, path]);
  return TABLES.get(settings, made, () => compileTable(candidates, settings, []));
}

function compileTable(candidates: readonly Candidate[], settings: RestOptions, problems: Problem[]): CompiledRest {
  const trie = createPathTrie<RestRoute>();
  const routes = new Map<Candidate, RestRoute>();
  const mistakes: Problem[] = [];
  const isConfigured = ({ path }: Candidate) => path !== undefined;
  for (const candidate of candidates.toSorted((a, b) => Number(isConfigured(b)) - Number(isConfigured(a)))) {
    const found = isConfigured(candidate) ? mistakes : problems;
    const { method, rule, path } = candidate;
    const compiled = COMPILED.get(rule, [method, path, settings], () => compiledOf(candidate, settings));
    if (compiled.kind === "invalid") {
      found.push(...compiled.problems);
      continue;
    }
    const { route } = compiled;
    const existing = trie.add(route.httpMethod, route.template, route);
    if (existing === undefined) routes.set(candidate, route);
    else
      found.push({
        path: candidate.path ?? route.name,
        found: `the same paths as ${existing.name}`,
        fix: "change one of the two templates",
      });
  }
  const inOrder = candidates.flatMap((candidate) => routes.get(candidate) ?? []);
  return { table: { routes: inOrder, match: trie.match }, problems, mistakes };
}

/** Compiles one rule. Descriptors made by hand may be inconsistent; an exception is a problem of this rule only. */
function compiledOf({ method, rule, path }: Candidate, options: RestOptions): CompiledRule {
  try {
    const compiled = compileRule(method, rule, options);
    if (compiled.kind === "ok" || path === undefined) return compiled;
    return { kind: "invalid", problems: compiled.problems.map((problem) => ({ ...problem, path })) };
  } catch (error) {
    const found = `a rule that cannot be compiled (${error instanceof Error ? error.message : String(error)})`;
    return { kind: "invalid", problems: [{ path: path ?? nameOf(method), found, fix: "build the descriptors again" }] };
  }
}

/** The rules of all methods, with their additional bindings. */
function candidatesOf(
  services: readonly DescService[],
  overriding: readonly HttpRule[],
  configured: ConfiguredRules,
  problems: Problem[],
): readonly Candidate[] {
  const methods = new Map(services.flatMap((service) => service.methods).map((method) => [nameOf(method), method]));
  const bySelector = new Map(overriding.map((rule) => [rule.selector, rule]));
  for (const selector of bySelector.keys()) {
    if (methods.has(selector)) continue;
    problems.push({ path: "rules", found: `selector "${selector}"`, fix: `write ${suggest(selector, [...methods.keys()])}` });
  }
  return [...methods].flatMap(([name, method]): Candidate[] => {
    const own = configured.get(name);
    if (own !== undefined) return own.map((rule) => ({ method, rule: CONFIGURED.get(rule, [], () => httpRuleOf(rule)), path: rule.path }));
    const rule = bySelector.get(name) ?? ruleOf(method, problems);
    if (rule === undefined) return [];
    if (rule.additionalBindings.some((additional) => additional.additionalBindings.length > 0)) {
      problems.push({
        path: name,
        found: "additional_bindings within additional_bindings",
        fix: "write them side by side, one level deep",
      });
    }
    return [rule, ...rule.additionalBindings].map((one) => ({ method, rule: one, path: undefined }));
  });
}

/** The rule in the proto; undefined if there is none, or if it cannot be decoded. */
function ruleOf(method: DescMethod, problems: Problem[]): HttpRule | undefined {
  try {
    return hasOption(method, http) ? WRITTEN.get(method, [], () => getOption(method, http)) : undefined;
  } catch (error) {
    const found = `an option google.api.http that cannot be decoded (${error instanceof Error ? error.message : String(error)})`;
    problems.push({ path: nameOf(method), found, fix: "build the descriptors again" });
    return undefined;
  }
}

function httpRuleOf({ httpMethod, template, body, responseBody }: HttpRuleOverride): HttpRule {
  return create(HttpRuleSchema, { pattern: { case: "custom", value: { kind: httpMethod, path: template } }, body, responseBody });
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}.${method.name}`;
}

/** The types in the files of services and in all files that these import. */
export function typesOf(services: readonly DescService[]): Registry {
  return createRegistry(...filesOf(services));
}

/** The files of the services, and all files that these import. */
export function filesOf(services: readonly DescService[]): Set<DescFile> {
  const files = new Set<DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file)) return;
    files.add(file);
    file.dependencies.forEach(add);
  };
  for (const { file } of services) add(file);
  return files;
}
