// What gateway.config.ts says of one method in place of its proto: HTTP rules and idempotency, for protos that the operator does not own.
import { type Checks, join } from "./problems.ts";

const VERBS = ["get", "put", "post", "delete", "patch"] as const;
const RULE_FIELDS = [...VERBS, "custom", "body", "responseBody"] as const;

/** One HTTP rule, as `google.api.HttpRule` has it: exactly one of the verbs or `custom`. */
export interface HttpRuleInput {
  /** Path template for GET: "/v1/{name=shelves/*}". */
  readonly get?: string;
  readonly put?: string;
  readonly post?: string;
  readonly delete?: string;
  readonly patch?: string;
  /** Any other HTTP method in upper case, or "*" for all of them. */
  readonly custom?: { readonly kind: string; readonly path: string };
  /** Field of the request that the body is, or "*" for every field that the path does not bind. Default: no body. */
  readonly body?: string;
  /** Field of the response that the body is. Default: the whole response. */
  readonly responseBody?: string;
}

export const IDEMPOTENCIES = ["no_side_effects", "idempotent", "unknown"] as const;
export type Idempotency = (typeof IDEMPOTENCIES)[number];

/** Each setting replaces what the proto says of the method, whole; nothing is merged. */
export interface MethodOverrideInput {
  /** HTTP rules in place of `google.api.http` and all its additional bindings. An empty list: the method is not served over REST. */
  readonly http?: readonly HttpRuleInput[];
  /** In place of the proto's `idempotency_level`. For unary methods. */
  readonly idempotency?: Idempotency;
}

export interface HttpRuleOverride {
  readonly path: string; // of the setting, for messages
  readonly httpMethod: string; // as it was written; `*` is any
  readonly template: string;
  readonly body: string; // "" for none
  readonly responseBody: string; // "" for the whole response
}

export interface MethodOverride {
  readonly path: string; // of the method's settings, for messages
  readonly http: readonly HttpRuleOverride[] | undefined; // undefined: the proto's own rules
  readonly idempotency: Idempotency | undefined; // undefined: the proto's own
}

export const OVERRIDE_FIELDS = ["http", "idempotency"] as const;

/** @returns undefined where the settings of the method say nothing of its contract */
export function parseMethodOverride(check: Checks, path: string, fields: Readonly<Record<string, unknown>>): MethodOverride | undefined {
  const { http, idempotency } = fields;
  if (http === undefined && idempotency === undefined) return undefined;
  return {
    path,
    http: http === undefined ? undefined : parseRules(check, join(path, "http"), http),
    idempotency:
      idempotency === undefined ? undefined : check.oneOf<Idempotency>(join(path, "idempotency"), idempotency, IDEMPOTENCIES, "unknown"),
  };
}

function parseRules(check: Checks, path: string, value: unknown): HttpRuleOverride[] {
  if (!Array.isArray(value)) {
    check.report(path, value, 'write a list of rules: [{ get: "/v1/users/{id}" }], or [] for none');
    return [];
  }
  return value.map((rule: unknown, index) => parseRule(check, `${path}[${index}]`, rule));
}

function parseRule(check: Checks, path: string, value: unknown): HttpRuleOverride {
  if (value === undefined || value === null) check.report(path, value, 'write a rule: { get: "/v1/users/{id}" }');
  const fields = check.fields(path, value ?? {}, RULE_FIELDS);
  const text = (name: string, given: unknown): string => {
    if (given === undefined) return "";
    if (typeof given === "string" && given !== "") return given;
    check.report(join(path, name), given, "write text that is not empty, or remove it");
    return "";
  };
  const verbs = [...VERBS, "custom" as const].filter((name) => fields[name] !== undefined);
  const [verb] = verbs;
  if (verbs.length > 1) check.report(path, verbs.join(" and "), "write one rule for each: [{ get: ... }, { post: ... }]");
  if (verb === undefined && value !== undefined && value !== null)
    check.report(path, value, 'say for which HTTP method and path it is: { get: "/v1/users/{id}" }');
  const custom = verb === "custom" ? check.fields(`${path}.custom`, fields["custom"], ["kind", "path"]) : undefined;
  for (const name of custom === undefined ? [] : (["kind", "path"] as const)) {
    if (custom?.[name] === undefined) check.report(`${path}.custom.${name}`, undefined, 'write { kind: "PURGE", path: "/v1/users/{id}" }');
  }
  return {
    path,
    httpMethod: custom === undefined ? (verb ?? "").toUpperCase() : text("custom.kind", custom["kind"]),
    template: custom === undefined ? (verb === undefined ? "" : text(verb, fields[verb])) : text("custom.path", custom["path"]),
    body: text("body", fields["body"]),
    responseBody: text("responseBody", fields["responseBody"]),
  };
}
