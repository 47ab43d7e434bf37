// Which methods can be cached, and the problems of a configuration that caches others.
import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { fieldPaths, parseTagTemplate } from "../../../core/cache/purge/tag-template.ts";
import { PRINCIPAL_FIX } from "../../../core/config/auth.ts";
import type { CachePolicy } from "../../../core/config/cache.ts";
import { join, type Problem, suggest } from "../../../core/config/problems.ts";

/** Unary methods without side effects, by their proto or by the configuration. */
export function isCacheable({ methodKind, idempotency }: DescMethod): boolean {
  return methodKind === "unary" && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** The two ways to declare that a method has no side effects, for messages to the operator. */
export const NO_SIDE_EFFECTS =
  'idempotency: "no_side_effects" for the method here, or option idempotency_level = NO_SIDE_EFFECTS in its proto';

export interface CacheFacts {
  readonly provesPrincipals: boolean; // the configuration authenticates callers
  readonly namespace: unknown; // the binding CACHE
}

/** Problems that do not depend on what a route serves. */
export function cacheProblems(cache: CachePolicy, { provesPrincipals, namespace }: CacheFacts): Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, found: string, fix: string) => void problems.push({ path: join(cache.path, field), found, fix });
  if (cache.l2 === "kv" && namespace === undefined)
    add("l2", "no binding CACHE", 'bind a KV namespace as CACHE in wrangler.toml, or write l2: "none"');
  if (cache.scope === "principal" && !provesPrincipals) add("scope", '"principal"', PRINCIPAL_FIX);
  return problems;
}

/** Problems of one method, beside those of `cacheProblems`. @param at path of the method's own settings in the configuration */
export function methodCacheProblems(method: DescMethod, cache: CachePolicy, at: string): Problem[] {
  if (!isCacheable(method)) {
    if (cache.path !== join(at, "cache")) return []; // a setting for many methods, which only applies to those that can be cached
    const fix =
      method.methodKind === "unary"
        ? `remove it, or declare that the method has no side effects: ${NO_SIDE_EFFECTS}`
        : "remove it: only unary methods can be cached";
    return [{ path: cache.path, found: `the cache for ${method.name}`, fix }];
  }
  const problems: Problem[] = [];
  if (cache.forward !== "key")
    problems.push({ path: join(cache.path, "forward"), found: cache.forward, fix: 'write "key": RPC supports no other value' });
  if (cache.path === join(at, "cache")) problems.push(...tagProblems(method, cache.tags, join(cache.path, "tags")));
  return problems;
}

/** Tags with fields that the request message does not have. */
export function tagProblems({ input }: DescMethod, tags: readonly string[], path: string): Problem[] {
  return tags
    .flatMap((tag) => fieldPaths(parseTagTemplate(tag)))
    .filter((field) => fieldOf(input, field) === undefined)
    .map((field) => {
      const fix = `write ${suggest(
        field[0]!,
        input.fields.map(({ name }) => name),
      )}, a field of ${input.typeName}`;
      return { path, found: `{${field.join(".")}}`, fix };
    });
}

/** @returns the field at a path; undefined where there is none with a single scalar or enum value */
export function fieldOf({ fields }: DescMessage, [name, ...rest]: readonly string[]): DescField | undefined {
  const field = fields.find((candidate) => candidate.name === name || candidate.localName === name);
  if (field === undefined) return undefined;
  if (rest.length === 0) return field.fieldKind === "scalar" || field.fieldKind === "enum" ? field : undefined;
  return field.fieldKind === "message" ? fieldOf(field.message, rest) : undefined;
}
