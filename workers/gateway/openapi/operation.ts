// Writes one route as an OpenAPI operation: parameters, body and responses.
import type { DescMessage, DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { FieldBehavior } from "../../../protos/gen/google/api/field_behavior_pb.ts";
import type { RestRoute } from "../transcode/rules/rules.ts";
import { failuresOf, headerRefs } from "./error-responses.ts";
import { type OpenPath, pathParameters } from "./paths.ts";
import { queryParameters } from "./query.ts";
import { commentOf, splitComment } from "./schemas/comments.ts";
import { exampleFor } from "./schemas/example.ts";
import { behavesAs, isRequired, type Schemas } from "./schemas/schemas.ts";
import { nullable, type Schema } from "./schemas/values.ts";

const STREAM_ERROR = "#/components/schemas/StreamError";
const ANY_BYTES = { "*/*": {} };

export function operationOf(route: RestRoute, path: OpenPath, operationId: string, schemas: Schemas): Schema {
  const { method, body } = route;
  const sideEffects = hasSideEffects(method);
  const parameters = [...pathParameters(route, path, schemas), ...queryParameters(route, schemas)];
  return {
    operationId,
    ...describedAs(method),
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: requestBody(route, schemas),
    responses: { "200": successResponse(route, schemas), ...failuresOf({ body: body !== undefined, sideEffects }) },
    "x-connect": connectOf(method, schemas, sideEffects),
  };
}

/** Summary and description from the comment of a method. A method without a comment gets its name as description. */
export function describedAs(method: DescMethod): Schema {
  const { summary, rest } = splitComment(commentOf(method));
  return {
    tags: [method.parent.typeName],
    summary: summary || method.name,
    description: rest || `Calls \`${method.parent.typeName}/${method.name}\`.`,
    deprecated: method.deprecated || method.parent.deprecated || undefined,
  };
}

export function hasSideEffects(method: DescMethod): boolean {
  return method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

function requestBody({ method, body, httpMethod, variables }: RestRoute, schemas: Schemas): Schema | undefined {
  if (body === undefined) return undefined;
  if (body.isRaw) return { description: "Bytes, passed on unchanged.", content: ANY_BYTES };
  const isStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const type = isStream ? "application/x-ndjson" : "application/json"; // one message per line
  const form = httpMethod === "PATCH" ? "patch" : "whole";
  const { field } = body;
  if (field !== undefined && field.fieldKind !== "message") {
    const { description, ...schema } = schemas.ofField(field);
    return { description, required: isRequired(field) || undefined, content: json(schema, schemas, "request", type) };
  }
  const message: DescMessage = field?.message ?? method.input;
  const elsewhere = inPath(variables, message, field?.name);
  const schema = schemas.ofMessageWithout(message, elsewhere, `In${method.name}`, form);
  const description = field && commentOf(field);
  // If no field is required, a request may have no body, or `null` if the body is a field.
  const needed = form === "whole" && message.fields.some((one) => !elsewhere.has(one.name) && isRequired(one));
  const shown = needed || field === undefined ? schema : nullable(schema);
  return {
    description: description || undefined,
    required: needed || isStream || undefined,
    content: json(shown, schemas, "request", type),
  };
}

/** Top-level fields of the body that the path sets. Output-only fields are not in the schema anyway. */
function inPath(variables: RestRoute["variables"], message: DescMessage, field: string | undefined): ReadonlySet<string> {
  const depth = field === undefined ? 0 : 1;
  const own = variables.filter(({ parents }) => parents.length === depth && (field === undefined || parents[0]?.name === field));
  const names = own.map((path) => path.field).filter((one) => one.parent === message && !behavesAs(one, FieldBehavior.OUTPUT_ONLY));
  return new Set(names.map(({ name }) => name));
}

function successResponse({ method, response: answer }: RestRoute, schemas: Schemas): Schema {
  const isStream = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
  const headers = headerRefs(["X-Request-Id", "RateLimit", "RateLimit-Policy"]);
  if (answer.isRaw) return { description: "Bytes, with their own content type.", headers, content: ANY_BYTES };
  const { description: _, ...schema } =
    answer.field === undefined ? { ...schemas.ofMessage(method.output) } : { ...schemas.ofField(answer.field) };
  if (!isStream) return { description: "OK", headers, content: json(schema, schemas, "response") };

  const element = { anyOf: [schema, { $ref: STREAM_ERROR }] };
  const example = exampleFor(schema, schemas.components, "response");
  return {
    description: "A stream in the framing that `Accept` selects. Each element is sent as soon as it is available.",
    headers,
    content: {
      "application/json": { schema: { type: "array", items: element }, example: [example] },
      "application/x-ndjson": { schema: { ...element, description: "One JSON value per line." }, example },
      "text/event-stream": { schema: { ...element, description: "The `data` of one event." }, example },
    },
  };
}

export function json(schema: Schema, schemas: Schemas, direction: "request" | "response", type = "application/json"): Schema {
  return { [type]: { schema, example: exampleFor(schema, schemas.components, direction) } };
}

/** The same method as a Connect call. */
export function connectOf(method: DescMethod, schemas: Schemas, sideEffects: boolean): Schema {
  const fields = Object.fromEntries(method.input.fields.map((field) => [field.jsonName, schemas.ofField(field)]));
  const example = exampleFor({ type: "object", properties: fields }, schemas.components, "request");
  return { path: `/${method.parent.typeName}/${method.name}`, kind: method.methodKind, sideEffects, example };
}
