// An error of a call with its details, as far as their types are known.
import { createRegistry, fromBinary, fromJson, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import {
  BadRequestSchema,
  DebugInfoSchema,
  ErrorInfoSchema,
  HelpSchema,
  LocalizedMessageSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  ResourceInfoSchema,
  RetryInfoSchema,
} from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { Failure } from "../failure.ts";

const STANDARD = createRegistry(
  ...[BadRequestSchema, DebugInfoSchema, ErrorInfoSchema, HelpSchema, LocalizedMessageSchema],
  ...[PreconditionFailureSchema, QuotaFailureSchema, RequestInfoSchema, ResourceInfoSchema, RetryInfoSchema],
);

/** @param registry types of the service; undefined where none could be loaded */
export function callError(error: unknown, gateway: string, registry?: Registry): Failure {
  if (error instanceof Failure) return error;
  const connect = ConnectError.from(error);
  if (connect.cause !== undefined && connect.code !== Code.DeadlineExceeded)
    return new Failure({
      what: `no response from ${gateway}`,
      why: connect.rawMessage,
      fix: "write the origin of the gateway: --gateway URL",
    });
  const details = connect.details.flatMap((detail): JsonValue[] => {
    if ("desc" in detail) return [];
    return [detailOf(detail.type, detail.value, registry)];
  });
  return withDetails(`${codeToString(connect.code)}: ${connect.rawMessage}`, details);
}

/** @param text of the response: google.rpc.Status in JSON, or anything else */
export function restError(status: number, text: string, registry: Registry): Failure {
  const json = jsonOf(text);
  if (json === undefined || typeof json["message"] !== "string")
    return new Failure({ what: `HTTP ${status}: ${text.slice(0, 1_000).trim() || "no body"}` });
  const code = typeof json["code"] === "number" ? codeToString(json["code"]) : String(json["code"] ?? status);
  const details = (Array.isArray(json["details"]) ? json["details"] : []) as JsonValue[];
  return withDetails(
    `${code}: ${json["message"]}`,
    details.map((detail) => known(detail, registry)),
  );
}

function withDetails(what: string, details: readonly JsonValue[]): Failure {
  return new Failure({ what, ...(details.length > 0 && { details }) });
}

/** What has no known type is shown by its type alone. */
function detailOf(type: string, bytes: Uint8Array, registry: Registry | undefined): JsonValue {
  const desc = registry?.getMessage(type) ?? STANDARD.getMessage(type);
  if (desc === undefined) return { "@type": type };
  return { "@type": type, ...(toJson(desc, fromBinary(desc, bytes)) as object) };
}

/** Reads a detail once, so that a type that is known has the same form in every protocol. */
function known(detail: JsonValue, registry: Registry): JsonValue {
  for (const types of [registry, STANDARD]) {
    try {
      const any = fromJson(AnySchema, detail, { registry: types });
      const message = anyUnpack(any, types);
      if (message !== undefined) return detailOf(message.$typeName, any.value, types);
    } catch {
      // It has another type: the next registry may have it.
    }
  }
  return detail;
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
