// Errors in JSON: google.rpc.Status for REST, with the HTTP status of Connect's table or of a reason, and readable details for Connect.
import { create, fromBinary, type JsonValue, type Registry, toBinary, toJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { type ErrorInfo, ErrorInfoSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { boundRetryInfo } from "../protocol/retry-info.ts";

/** @see google/rpc/status.proto */
export interface StatusJson {
  readonly code: number; // a google.rpc.Code
  readonly message: string;
  readonly details: readonly JsonValue[];
}

/**
 * @param registry types of details that are written as JSON; other details become `{"@type", "value"}` with the value in base64
 * @returns the HTTP status and the body
 */
export function statusJson(error: ConnectError, registry: Registry): { readonly status: number; readonly body: StatusJson } {
  const details = boundRetryInfo(error.details).map((detail) => {
    if ("type" in detail) return detailJson(detail.type, detail.value, registry);
    return detailJson(detail.desc.typeName, toBinary(detail.desc, create(detail.desc, detail.value)), registry);
  });
  return { status: statusOf(error), body: { code: error.code, message: error.rawMessage, details } };
}

/** HTTP statuses of errors for which Connect's table has a wider one, by `reason` of a google.rpc.ErrorInfo in the domain `tidegate`. */
const STATUS_BY_REASON: ReadonlyMap<string, number> = new Map([
  ["IDEMPOTENCY_KEY_REUSED", 422], // IETF draft-ietf-httpapi-idempotency-key-header, section 2.7
]);

function statusOf({ code, details }: ConnectError): number {
  if (code !== Code.FailedPrecondition) return codeToHttpStatus(code);
  for (const detail of details) {
    if (!("type" in detail) || detail.type.slice(detail.type.lastIndexOf("/") + 1) !== ErrorInfoSchema.typeName) continue;
    const { domain, reason } = errorInfoIn(detail.value);
    const status = domain === "tidegate" ? STATUS_BY_REASON.get(reason) : undefined;
    if (status !== undefined) return status;
  }
  return codeToHttpStatus(code);
}

/** An upstream may send bytes that do not fit. */
function errorInfoIn(bytes: Uint8Array): Pick<ErrorInfo, "domain" | "reason"> {
  try {
    return fromBinary(ErrorInfoSchema, bytes);
  } catch {
    return { domain: "", reason: "" };
  }
}

/**
 * Adds a `debug` field with the JSON of each detail whose type is known, and returns the error. Connect sends it beside the bytes.
 *
 * @see connectrpc.com/docs/protocol, Error End-Stream
 */
export function withDebugDetails(error: ConnectError, registry: Registry): ConnectError {
  if (error.details.length === 0) return error;
  error.details = boundRetryInfo(error.details).map((detail) => {
    const known = "type" in detail ? registry.getMessage(detail.type) : undefined;
    if (known === undefined || !("type" in detail)) return detail;
    try {
      return { ...detail, debug: toJson(known, fromBinary(known, detail.value), { registry }) };
    } catch {
      return detail; // the bytes do not fit the type, or contain an unknown type
    }
  });
  return error; // not a copy: a copy would lose which of its metadata are trailers
}

function detailJson(typeName: string, value: Uint8Array, registry: Registry): JsonValue {
  const typeUrl = `type.googleapis.com/${typeName.slice(typeName.lastIndexOf("/") + 1)}`; // some upstreams send the whole URL as the type
  try {
    return toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry });
  } catch {
    return { "@type": typeUrl, value: base64Encode(value) }; // the type is unknown, or the bytes do not fit it
  }
}
