// Errors as REST tells them: google.rpc.Status in JSON, under the HTTP status of Connect's table.
import { create, type JsonValue, type Registry, toBinary, toJson } from "@bufbuild/protobuf";
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

function detailJson(typeName: string, value: Uint8Array, registry: Registry): JsonValue {
  const typeUrl = `type.googleapis.com/${typeName}`;
  try {
    return toJson(AnySchema, create(AnySchema, { typeUrl, value }), { registry });
  } catch {
    return { "@type": typeUrl, value: base64Encode(value) }; // not known here, or not what it says it is
  }
}
