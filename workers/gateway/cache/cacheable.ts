// Which methods can be cached, and what is wrong with a configuration that caches others.
import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { fieldPaths, parseTagTemplate } from "../../../core/cache/purge/tag-template.ts";
import type { CachePolicy } from "../../../core/config/cache.ts";
import { join, type Problem, suggest } from "../../../core/config/problems.ts";

/** Its proto, or the configuration in its place, says that calling it changes nothing: only then is one response as good as another. */
export function isCacheable({ methodKind, idempotency }: DescMethod): boolean {
  return methodKind === "unary" && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** How an operator says so, for messages. */
export const NO_SIDE_EFFECTS =
  'idempotency: "no_side_effects" for the method here, or option idempotency_level = NO_SIDE_EFFECTS in its proto';

export interface CacheFacts {
  readonly principalHeader: string | undefined;
  readonly namespace: unknown; // the binding CACHE
}

/** What no route may do, whatever it serves. */
export function cacheProblems(cache: CachePolicy, { principalHeader, namespace }: CacheFacts): Problem[] {
  const problems: Problem[] = [];
  const add = (field: string, found: string, fix: string) => void problems.push({ path: join(cache.path, field), found, fix: fix });
  if (cache.l2 === "kv" && namespace === undefined)
    add("l2", "no binding CACHE", 'bind a KV namespace as CACHE in wrangler.toml, or write l2: "none"');
  if (cache.scope === "principal" && principalHeader === undefined)
    add("scope", '"principal"', 'name the header that tells it: principalHeader: "cf-access-authenticated-user-email"');
  return problems;
}

/** Beside them, what holds for a method. @param at where the settings of the method itself would stand */
export function methodCacheProblems(method: DescMethod, cache: CachePolicy, at: string): Problem[] {
  if (!isCacheable(method)) {
    if (cache.path !== join(at, "cache")) return []; // said for many methods: this one is none of those that are meant
    const fix =
      method.methodKind === "unary"
        ? `remove it, or say that the method changes nothing: ${NO_SIDE_EFFECTS}`
        : "remove it: only unary methods can be cached";
    return [{ path: cache.path, found: `the cache for ${method.name}`, fix: fix }];
  }
  const problems: Problem[] = [];
  if (cache.forward !== "key")
    problems.push({ path: join(cache.path, "forward"), found: cache.forward, fix: 'write "key", for RPC the only way' });
  if (cache.path === join(at, "cache")) problems.push(...tagProblems(method, cache.tags, join(cache.path, "tags")));
  return problems;
}

/** Tags that no call can have: of fields that the message does not. */
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

/** @returns a field of one value */
export function fieldOf({ fields }: DescMessage, [name, ...rest]: readonly string[]): DescField | undefined {
  const field = fields.find((one) => one.name === name || one.localName === name);
  if (field === undefined) return undefined;
  if (rest.length === 0) return field.fieldKind === "scalar" || field.fieldKind === "enum" ? field : undefined;
  return field.fieldKind === "message" ? fieldOf(field.message, rest) : undefined;
}
