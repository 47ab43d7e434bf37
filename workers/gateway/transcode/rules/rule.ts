// Compiles one HTTP rule of one method into a route, or reports why it is invalid.
import type { DescField, DescMessage, DescMethod, Registry } from "@bufbuild/protobuf";
import type { Problem } from "../../../../core/config/problems.ts";
import { type PathTemplate, parseTemplate } from "../../../../core/transcode/path-template.ts";
import type { HttpRule } from "../../../../protos/gen/google/api/http_pb.ts";
import { urlValueFormOf } from "../json/url-values.ts";
import type { JsonOptions } from "../json/walk.ts";
import { type FieldPath, kindOf, resolveField } from "./fields.ts";

/** Choices that http.proto leaves open. Each is off unless set. */
export interface RestOptions extends JsonOptions {
  /** Rules with a `selector`, each in place of the rule in the proto; of several for one method, the last one is used. */
  readonly rules?: readonly HttpRule[];
  /** Query parameters that name no field are ignored instead of refused. */
  readonly ignoreUnknownQuery?: boolean;
  /** Query parameters that are never fields, such as `key`. */
  readonly ignoredQuery?: readonly string[];
  /** A body without a content type, or with the form content type that curl sends by default, is read as JSON. */
  readonly assumeJson?: boolean;
  /** With `application/json`, a stream of requests may be JSON values one after the other, or an array of them. */
  readonly jsonRequestStreams?: boolean;
  /** Fields of a JSON body that the message does not have are ignored instead of refused. */
  readonly ignoreUnknownFields?: boolean;
  /** A PATCH without an update mask gets one with the fields of its body. */
  readonly inferUpdateMask?: boolean;
  /** Responses include fields that are not set. */
  readonly printDefaults?: boolean;
  readonly enumsAsNumbers?: boolean;
  readonly protoFieldNames?: boolean;
  /** Types that `google.protobuf.Any` may hold; by default those in the files of the services and their imports. */
  readonly registry?: Registry;
}

export interface RestRoute {
  readonly name: string; // part of messages and logs
  readonly method: DescMethod;
  readonly httpMethod: string; // upper case; `*` for any method
  readonly template: PathTemplate;
  readonly variables: readonly FieldPath[]; // one per variable of the template, in its order
  readonly body: BodyPart | undefined; // undefined for no body
  readonly response: BodyPart;
  readonly updateMask: DescField | undefined; // the gateway infers this mask if the request has none
  readonly options: RestOptions;
}

/** The part of a message that a body contains. */
export interface BodyPart {
  readonly field: DescField | undefined; // undefined for the whole message
  readonly isRaw: boolean; // google.api.HttpBody: bytes with a content type of their own
}

export type CompiledRule =
  | { readonly kind: "ok"; readonly route: RestRoute }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

const WITHOUT_BODY = ["GET", "HEAD", "DELETE"];
const NEVER_ROUTED = ["CONNECT", "TRACE"]; // the runtime or the gateway refuses them before it looks up a route
const OWN_PATHS = ["/healthz", "/openapi.json"]; // the gateway responds there itself

type Report = (found: string, fix: string) => void;

/** @see google/api/http.proto, "Rules for HTTP mapping" */
export function compileRule(method: DescMethod, rule: HttpRule, options: RestOptions): CompiledRule {
  const { httpMethod, path } = patternOf(rule);
  const owner = `${method.parent.typeName}.${method.name}`;
  const name = path === "" ? owner : `${owner} (${httpMethod} ${path})`;
  const problems: Problem[] = [];
  const report: Report = (found, fix) => void problems.push({ path: name, found, fix: fix });
  if (path === "") {
    report("an HTTP rule without a pattern", 'set one, such as get: "/v1/users/{id}"');
    return { kind: "invalid", problems };
  }
  if (!/^(?:\*|[A-Z][A-Z0-9_-]*)$/.test(httpMethod)) report(`kind "${httpMethod}"`, 'write an HTTP method in upper case, or "*" for any');
  if (NEVER_ROUTED.includes(httpMethod)) report(`kind "${httpMethod}"`, "use another HTTP method: no such request reaches a route");
  if (OWN_PATHS.includes(path)) report(`path "${path}"`, "use another path: the gateway responds there itself");
  const template = templateOf(path, report);
  const variables = variablesOf(template, method.input, report);

  const body = rule.body === "" ? undefined : bodyPartOf(method.input, rule.body);
  if (rule.body !== "" && body === undefined) report(`body "${rule.body}"`, `name a top-level field of ${method.input.typeName}, or "*"`);
  if (body !== undefined && WITHOUT_BODY.includes(httpMethod))
    report(`a body with ${httpMethod}`, "remove the body, or use POST, PUT or PATCH");
  if (body?.field !== undefined && variables.some(({ text }) => text === body.field?.name)) {
    report(`"${rule.body}" both in the path and as the body`, "bind a field once");
  }
  const hasRequestStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  if (hasRequestStream && rule.body === "") report("a stream of requests without a body", 'write body: "*"');
  const answer = bodyPartOf(method.output, rule.responseBody === "" ? "*" : rule.responseBody);
  if (answer === undefined) report(`response_body "${rule.responseBody}"`, `name a top-level field of ${method.output.typeName}`);

  if (problems.length > 0 || template === undefined || answer === undefined) return { kind: "invalid", problems };
  const isInferred = options.inferUpdateMask === true && httpMethod === "PATCH" && body?.field !== undefined;
  const updateMask = isInferred ? maskOf(method.input) : undefined;
  return { kind: "ok", route: { name, method, httpMethod, template, variables, body, response: answer, updateMask, options } };
}

function templateOf(path: string, report: Report): PathTemplate | undefined {
  const parsed = parseTemplate(path);
  if (parsed.kind === "ok") return parsed.template;
  report(`${parsed.problem} at column ${parsed.column}`, parsed.fix);
  return undefined;
}

function variablesOf(template: PathTemplate | undefined, message: DescMessage, report: Report): FieldPath[] {
  const variables: FieldPath[] = [];
  for (const { field: name } of template?.variables ?? []) {
    const resolved = resolveField(message, name);
    if (resolved.kind !== "found") {
      report(`path variable: ${resolved.problem}`, "name a field of the request message");
      continue;
    }
    const { field, text } = resolved.path;
    if (text !== name) report(`path variable "${name}"`, `write its proto name, "${text}"`);
    else if (field.fieldKind !== "list" && urlValueFormOf(field) !== undefined) variables.push(resolved.path);
    else report(`path variable "${name}" is ${kindOf(field)}`, "bind a field that holds one plain value");
  }
  return variables;
}

function patternOf({ pattern }: HttpRule): { httpMethod: string; path: string } {
  if (pattern.case === undefined) return { httpMethod: "", path: "" };
  if (pattern.case === "custom") return { httpMethod: pattern.value.kind, path: pattern.value.path };
  return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
}

/** @param name a field at the top level of the message, or `*`. @returns undefined if there is no such field */
function bodyPartOf(message: DescMessage, name: string): BodyPart | undefined {
  if (name === "*") return { field: undefined, isRaw: isHttpBody(message) };
  const field = message.fields.find((one) => one.name === name);
  return field && { field, isRaw: field.fieldKind === "message" && isHttpBody(field.message) };
}

function isHttpBody(message: DescMessage): boolean {
  return message.typeName === "google.api.HttpBody";
}

/** The only top-level FieldMask of a message; undefined if it has none or several. */
function maskOf(message: DescMessage): DescField | undefined {
  const masks = message.fields.filter((field) => field.fieldKind === "message" && field.message.typeName === "google.protobuf.FieldMask");
  return masks.length === 1 ? masks[0] : undefined;
}
