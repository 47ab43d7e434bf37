// Settings of one method that replace options of its proto: HTTP rules and idempotency, for protos that the operator does not own.
import * as v from "valibot";
import { type Checks, join } from "./problems.ts";
import { readBlock, readSetting } from "./read.ts";
import { block, choice, type InputOf, readByCode, setting, text } from "./setting.ts";

const VERBS = ["get", "put", "post", "delete", "patch"] as const;
export const IDEMPOTENCIES = ["no_side_effects", "idempotent", "unknown"] as const;
export type Idempotency = (typeof IDEMPOTENCIES)[number];

const filled = v.pipe(text(/./s, "write text that is not empty, or remove it", "text"), v.metadata({}));
const template = (verb: string) => setting(filled, undefined, `Path template for ${verb}, such as \`/v1/{name=publishers/*}\`.`);

export const CUSTOM_SETTINGS = block({
  kind: setting(filled, undefined, "An HTTP method in upper case, or `*` for all."),
  path: setting(filled, undefined, "Path template."),
});

/** One HTTP rule, as `google.api.HttpRule` has it: exactly one of the verbs or `custom`. */
export const HTTP_RULE_SETTINGS = block({
  get: template("GET"),
  put: template("PUT"),
  post: template("POST"),
  delete: template("DELETE"),
  patch: template("PATCH"),
  custom: readByCode(CUSTOM_SETTINGS, "Any other HTTP method.", { shape: "`{ kind, path }`" }),
  body: setting(filled, undefined, "Field of the request that the body is, or `*` for every field that the path does not bind.", {
    shownDefault: "no body",
  }),
  responseBody: setting(filled, undefined, "Field of the response that the body is.", { shownDefault: "the whole response" }),
});

/** Each setting replaces the option of the proto as a whole; nothing is merged. */
export const OVERRIDE_SETTINGS = block({
  http: readByCode(
    v.array(HTTP_RULE_SETTINGS),
    "HTTP rules in place of `google.api.http` and all its additional bindings ([protos](protos.md)). An empty list: the method is not served over REST.",
    { shape: "list of the fields below", shownDefault: "the rules of the proto" },
  ),
  idempotency: setting(choice(IDEMPOTENCIES), undefined, "In place of `idempotency_level` of the proto. For unary methods.", {
    shownDefault: "that of the proto",
  }),
});

export type MethodOverrideInput = InputOf<typeof OVERRIDE_SETTINGS>;

export interface HttpRuleOverride {
  readonly path: string; // path of the setting, for problems
  readonly httpMethod: string; // the method as written; `*` is any
  readonly template: string;
  readonly body: string; // "" for none
  readonly responseBody: string; // "" for the whole response
}

export interface MethodOverride {
  readonly path: string; // path of the method's settings, for problems
  readonly http: readonly HttpRuleOverride[] | undefined; // undefined: the rules of the proto
  readonly idempotency: Idempotency | undefined; // undefined: that of the proto
}

/** @returns undefined where the settings of the method replace nothing */
export function parseMethodOverride(check: Checks, path: string, fields: Readonly<Record<string, unknown>>): MethodOverride | undefined {
  const { http, idempotency } = fields;
  if (http === undefined && idempotency === undefined) return undefined;
  const level = readSetting(check, join(path, "idempotency"), OVERRIDE_SETTINGS.entries.idempotency, idempotency, undefined);
  return {
    path,
    http: http === undefined ? undefined : parseRules(check, join(path, "http"), http),
    idempotency: level as Idempotency | undefined, // a choice of the schema
  };
}

function parseRules(check: Checks, path: string, value: unknown): HttpRuleOverride[] {
  if (Array.isArray(value)) return value.map((rule: unknown, index) => parseHttpRule(check, `${path}[${index}]`, rule));
  check.report(path, value, 'write a list of rules: [{ get: "/v1/users/{id}" }], or [] for none');
  return [];
}

function parseHttpRule(check: Checks, path: string, value: unknown): HttpRuleOverride {
  if (value === undefined || value === null) check.report(path, value, 'write a rule: { get: "/v1/users/{id}" }');
  const rule = readBlock(check, path, HTTP_RULE_SETTINGS, value ?? {});
  const written = (value ?? {}) as Readonly<Record<string, unknown>>; // an object, or a problem by now
  const verbs = [...VERBS, "custom" as const].filter((name) => written[name] !== undefined);
  const [verb = "get"] = verbs; // a rule without any has a problem
  if (verbs.length > 1) check.report(path, verbs.join(" and "), "write one rule for each: [{ get: ... }, { post: ... }]");
  if (verbs.length === 0 && value !== undefined && value !== null)
    check.report(path, value, 'say for which HTTP method and path it is: { get: "/v1/users/{id}" }');
  const { httpMethod, template } =
    verb === "custom" ? parseCustom(check, `${path}.custom`, rule.custom) : { httpMethod: verb.toUpperCase(), template: rule[verb] ?? "" };
  return { path, httpMethod, template, body: rule.body ?? "", responseBody: rule.responseBody ?? "" };
}

function parseCustom(check: Checks, path: string, value: unknown): Pick<HttpRuleOverride, "httpMethod" | "template"> {
  const custom = readBlock(check, path, CUSTOM_SETTINGS, value);
  for (const name of ["kind", "path"] as const) {
    const isMissing = (value as Readonly<Record<string, unknown>> | null)?.[name] === undefined;
    if (isMissing) check.report(`${path}.${name}`, undefined, 'write { kind: "PURGE", path: "/v1/users/{id}" }');
  }
  return { httpMethod: custom.kind ?? "", template: custom.path ?? "" };
}
