// All HTTP rules of the services: one table of routes, or every problem at once.
import { createRegistry, type DescFile, type DescMethod, type DescService, getOption, hasOption } from "@bufbuild/protobuf";
import { type Problem, suggest } from "../../../core/parse.ts";
import { createPathTrie, type PathMatch } from "../../../core/transcode/path-trie.ts";
import { http } from "../../../protos/gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../../../protos/gen/google/api/http_pb.ts";
import { compileRule, type RestOptions, type RestRoute } from "./rule.ts";

export type { RestOptions, RestRoute } from "./rule.ts";

export interface RestTable {
  readonly routes: readonly RestRoute[];
  /** @param path canonical; decoded variables come in the order of `route.variables` */
  match(httpMethod: string, path: string): PathMatch<RestRoute>;
}

/**
 * Compiles the rules of services into one table. A rule that is not legal, or that claims what another one has, is left out.
 *
 * @returns the table, and every problem: a configuration with a problem is one to refuse
 */
export function compileRest(
  services: readonly DescService[],
  options: RestOptions = {},
): { table: RestTable; problems: readonly Problem[] } {
  const trie = createPathTrie<RestRoute>();
  const routes: RestRoute[] = [];
  const problems: Problem[] = [];
  const settings = { ...options, registry: options.registry ?? createRegistry(...filesOf(services)) };

  for (const [method, rule] of rulesOf(services, options.rules ?? [], problems)) {
    const compiled = compileRule(method, rule, settings);
    if (compiled.kind === "invalid") {
      problems.push(...compiled.problems);
      continue;
    }
    const { route } = compiled;
    const standing = trie.add(route.httpMethod, route.template, route);
    if (standing === undefined) routes.push(route);
    else problems.push({ path: route.name, found: `the same paths as ${standing.name}`, mend: "change one of the two templates" });
  }
  return { table: { routes, match: trie.match }, problems };
}

/** The rule of each method that has one, and its additional bindings. */
function rulesOf(
  services: readonly DescService[],
  overriding: readonly HttpRule[],
  problems: Problem[],
): (readonly [DescMethod, HttpRule])[] {
  const methods = new Map<string, DescMethod>();
  const rules = new Map<string, HttpRule>();
  for (const method of services.flatMap((service) => service.methods)) {
    const name = `${method.parent.typeName}.${method.name}`;
    methods.set(name, method);
    if (hasOption(method, http)) rules.set(name, getOption(method, http));
  }
  for (const rule of overriding) {
    if (methods.has(rule.selector)) rules.set(rule.selector, rule);
    else
      problems.push({ path: "rules", found: `selector "${rule.selector}"`, mend: `write ${suggest(rule.selector, [...methods.keys()])}` });
  }
  return [...rules].flatMap(([name, rule]) => {
    if (rule.additionalBindings.some((additional) => additional.additionalBindings.length > 0)) {
      problems.push({
        path: name,
        found: "additional_bindings within additional_bindings",
        mend: "write them side by side, one level deep",
      });
    }
    return [rule, ...rule.additionalBindings].map((one) => [methods.get(name)!, one] as const);
  });
}

/** The files of the services and all that they import. */
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
