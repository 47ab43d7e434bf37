// The message of a method to the body of a REST answer: JSON, one field of it, or raw bytes where that is a google.api.HttpBody.
import { type DescField, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { Rejected } from "../../../core/rejection.ts";
import type { HttpBody } from "../../../protos/gen/google/api/httpbody_pb.ts";
import { JSON_STRINGS } from "./json/well-known.ts";
import type { RestRoute } from "./rules/rule.ts";

export interface EncodedResponse {
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** @throws Rejected when the message has no JSON form: an Any of a type nobody knows, a time outside of the calendar */
export function encodeResponse(route: RestRoute, message: Message): EncodedResponse {
  if (!route.response.isRaw) return { body: JSON.stringify(responseJson(route, message)), contentType: "application/json" };
  const { data, contentType } = rawResponse(route, message);
  return { body: data as Uint8Array<ArrayBuffer>, contentType: headerValue(contentType) };
}

/** The part of a message that the answer shows. */
export function responseJson(route: RestRoute, message: Message): JsonValue {
  const { method, response: answer, options } = route;
  try {
    const json = write(route, message, options.printDefaults === true);
    if (answer.field === undefined) return json;
    const name = options.protoFieldNames === true ? answer.field.name : answer.field.jsonName;
    const find = (fields: JsonValue): JsonValue | undefined => (fields as Readonly<Record<string, JsonValue>>)[name];
    return find(json) ?? find(write(route, message, true)) ?? whereUnset(answer.field);
  } catch (error) {
    const problem = `sent a message that has no JSON form: ${error instanceof Error ? error.message : String(error)}`;
    throw new Rejected({ kind: "upstream_invalid", upstream: method.parent.typeName, problem, code: "internal", countsAsFailure: false });
  }
}

function write({ method, options }: RestRoute, message: Message, alwaysEmitImplicit: boolean): JsonValue {
  const { enumsAsNumbers: enumAsInteger = false, protoFieldNames: useProtoFieldName = false, registry } = options;
  return toJson(method.output, message, { alwaysEmitImplicit, enumAsInteger, useProtoFieldName, registry });
}

/** What stands for a field that is not set: an empty object or array where its JSON is one, else null. */
function whereUnset({ fieldKind, message }: DescField): JsonValue {
  if (fieldKind !== "message" || message === undefined || message.typeName === "google.protobuf.Value") return null;
  if (message.typeName === "google.protobuf.ListValue") return [];
  return message.typeName in JSON_STRINGS || isWrapperDesc(message) ? null : {};
}

/** The bytes that the answer is, and what they are said to be. */
export function rawResponse({ method, response: answer }: RestRoute, message: Message): HttpBody {
  if (answer.field === undefined) return message as HttpBody;
  return (reflect(method.output, message, false).get(answer.field) as ReflectMessage).message as HttpBody;
}

/** What an upstream says may not stand in a header as it is. */
export function headerValue(contentType: string): string {
  return /^[\x20-\x7e]+$/.test(contentType) ? contentType : "application/octet-stream";
}
