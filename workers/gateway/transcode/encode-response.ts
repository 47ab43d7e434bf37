// Encodes the message of a method as the body of a REST response: its JSON, one field of it, or raw bytes for a google.api.HttpBody.
import { type DescField, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { unencodable } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { HttpBody } from "../../../protos/gen/google/api/httpbody_pb.ts";
import { JSON_STRINGS } from "./json/well-known.ts";
import type { RestRoute } from "./rules/rule.ts";

export interface EncodedResponse {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** @throws Rejected if the message has no JSON form, for example because of an Any of an unknown type or a Timestamp out of range */
export function encodeResponse(route: RestRoute, message: Message): EncodedResponse {
  if (!route.response.isRaw) return { body: JSON.stringify(responseJson(route, message)), contentType: "application/json" };
  const { data, contentType } = rawResponse(route, message);
  return { body: data as Uint8Array<ArrayBuffer>, contentType: headerValue(contentType) };
}

/** The JSON of the message, or of the field that is the body. */
export function responseJson(route: RestRoute, message: Message): JsonValue {
  const { method, response: answer, options } = route;
  try {
    const json = write(route, message, options.printDefaults === true);
    if (answer.field === undefined) return json;
    const name = options.protoFieldNames === true ? answer.field.name : answer.field.jsonName;
    const find = (fields: JsonValue): JsonValue | undefined => (fields as Readonly<Record<string, JsonValue>>)[name];
    return find(json) ?? find(write(route, message, true)) ?? whereUnset(answer.field);
  } catch (error) {
    const problem = `sent a message without a JSON form: ${error instanceof Error ? error.message : String(error)}`;
    throw new Rejected({ kind: "upstream_invalid", upstream: method.parent.typeName, ...unencodable(problem) });
  }
}

function write({ method, options }: RestRoute, message: Message, alwaysEmitImplicit: boolean): JsonValue {
  const { enumsAsNumbers: enumAsInteger = false, protoFieldNames: useProtoFieldName = false, registry } = options;
  return toJson(method.output, message, { alwaysEmitImplicit, enumAsInteger, useProtoFieldName, registry });
}

/** The JSON of a field that is not set: an empty object or array if its JSON is one, otherwise null. */
function whereUnset({ fieldKind, message }: DescField): JsonValue {
  if (fieldKind !== "message" || message === undefined || message.typeName === "google.protobuf.Value") return null;
  if (message.typeName === "google.protobuf.ListValue") return [];
  return message.typeName in JSON_STRINGS || isWrapperDesc(message) ? null : {};
}

/** The bytes of the response and their content type. */
export function rawResponse({ method, response: answer }: RestRoute, message: Message): HttpBody {
  if (answer.field === undefined) return message as HttpBody;
  return (reflect(method.output, message, false).get(answer.field) as ReflectMessage).message as HttpBody;
}

/** A content type of an upstream, made safe for a header. */
export function headerValue(contentType: string): string {
  return /^[\x20-\x7e]+$/.test(contentType) ? contentType : "application/octet-stream";
}
