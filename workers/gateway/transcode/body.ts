// Reads the body of a REST request: JSON for a message or one of its fields, or raw bytes if that is a google.api.HttpBody.
import { create, type DescMessage, type JsonValue, mergeFromJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { Rejected } from "../../../core/rejection.ts";
import { type HttpBody, HttpBodySchema } from "../../../protos/gen/google/api/httpbody_pb.ts";
import { invalidField, invalidRequest } from "./json/invalid-request.ts";
import { normalizeJson } from "./json/normalize.ts";
import { parseJson } from "./json/parse-json.ts";
import { limitElements } from "./limit-elements.ts";
import type { RestRoute } from "./rules/rule.ts";

/**
 * Reads a whole body into a message.
 *
 * @returns the JSON of the body; undefined if it has none
 * @throws Rejected
 */
export function readBody(
  route: RestRoute,
  target: ReflectMessage,
  contentType: string | null,
  bytes: Uint8Array | null,
  maxElements: number,
): JsonValue | undefined {
  const { body } = route;
  const isEmpty = bytes === null || bytes.byteLength === 0;
  if (body?.isRaw === true) {
    if (!isEmpty || contentType !== null) setRaw(route, target, contentType ?? "", bytes ?? new Uint8Array());
    return undefined;
  }
  if (isEmpty) return undefined;
  if (body === undefined) throw new Rejected({ kind: "invalid_request", message: "this method accepts no body" });
  if (!isJson(contentType, route.options.assumeJson === true)) requireJson(contentType);
  return mergeJson(route, target, bytes, maxElements);
}

/**
 * @param assumed a body without a content type, or with the form content type that curl sends by default, counts as JSON too
 */
export function isJson(contentType: string | null, assumed: boolean): boolean {
  if (contentType === "application/json") return true;
  return assumed && /^(?:application\/x-www-form-urlencoded\s*(?:;.*)?)?$/i.test(contentType ?? "");
}

/** @throws Rejected unless the content type is one of `accepted`, in UTF-8 */
export function requireJson(contentType: string | null, accepted: readonly string[] = ["application/json"]): void {
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]*)/.exec(parameter)?.[1]).find((found) => found !== undefined);
  if (accepted.includes(type.trim()) && (charset === undefined || charset === "utf-8" || charset === "utf8")) return;
  throw new Rejected({ kind: "unsupported_content_type", found: contentType, accepted });
}

/** Reads JSON into the message, or into the field that is the body. */
export function mergeJson({ method, body, options }: RestRoute, target: ReflectMessage, bytes: Uint8Array, maxElements: number): JsonValue {
  limitElements(method.input, bytes, false, maxElements);
  const raw = parseJson(bytes);
  const name = body?.field?.jsonName;
  const normalized = normalizeJson(method.input, name === undefined ? raw : { [name]: raw }, options);
  if (normalized.kind === "invalid") throw invalidRequest(normalized.violations);
  const { json } = normalized;
  try {
    mergeFromJson(method.input, target.message, json, {
      ignoreUnknownFields: options.ignoreUnknownFields === true,
      registry: options.registry,
    });
  } catch (error) {
    throw invalidField("", `does not fit its message type: ${error instanceof Error ? error.message : String(error)}`);
  }
  return name === undefined ? json : ((json as Readonly<Record<string, JsonValue>>)[name] ?? null);
}

/** Sets a google.api.HttpBody to the bytes and their content type. */
export function setRaw({ body }: RestRoute, target: ReflectMessage, contentType: string, data: Uint8Array): void {
  if (body?.field === undefined) Object.assign(target.message, { contentType, data } satisfies Partial<HttpBody>);
  else target.set(body.field, reflect(body.field.message as DescMessage, create(HttpBodySchema, { contentType, data })));
}
