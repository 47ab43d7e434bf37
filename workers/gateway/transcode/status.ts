// Errors in JSON: google.rpc.Status for REST, under the HTTP status of Connect's table, and details described for Connect.
import { create, fromBinary, type JsonValue, type Registry, toBinary, toJson } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";

/** @see google/rpc/status.proto */
export interface StatusJson {
  readonly code: number; // of google.rpc.Code
  readonly message: string;
  readonly details: readonly JsonValue[];
}

/**
 * @param registry types in which details are written out; one that it lacks is handed on as `{"@type", "value"}`, in base64
 * @returns the HTTP status, and the body
 */
export function statusJson(error: ConnectError, registry: Registry): { readonly status: number; readonly body: StatusJson } {
  const details = error.details.map((detail) => {
    if ("type" in detail) return detailJson(detail.type, detail.value, registry);
    return detailJson(detail.desc.typeName, toBinary(detail.desc, create(detail.desc, detail.value)), registry);
  });
  return { status: codeToHttpStatus(error.code), body: { code: error.code, message: error.rawMessage, details } };
}

/**
 * Puts a `debug` field on each detail of the error whose type is known, and returns it: Connect's JSON has it beside the bytes, for people.
 *
 * @see connectrpc.com/docs/protocol, Error End-Stream
 */
export function withDebugDetails(error: ConnectError, registry: Registry): ConnectError {
  if (error.details.length === 0) return error;
  error.details = error.details.map((detail) => {
    const known = "type" in detail ? registry.getMessage(detail.type) : undefined;
    if (known === undefined || !("type" in detail)) return detail;
    try {
      return { ...detail, debug: toJson(known, fromBinary(known, detail.value), { registry }) };
    } catch {
      return detail; // not what its type says, or it contains a type that is not known here
    }
  });
  return error; // not a copy: that would lose where it comes from, and with it which metadata are trailers already
}

function detailJson(typeName: string, value: Uint8Array, registry: Registry): JsonValue {
  const typeUrl = `type.googleapis.com/${typeName.slice(typeName.lastIndexOf("/") + 1)}`; // some upstreams send the whole URL
  try {
    return toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry });
  } catch {
    return { "@type": typeUrl, value: base64Encode(value) }; // not known here, or not what it says it is
  }
}
