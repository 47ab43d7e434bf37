// Calls reflection and health of a host as callers over HTTP/1.1 do: all requests first, then all responses.
import { create, type DescMethod, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { encodeEnvelopes } from "@connectrpc/connect/protocol";
import {
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
  ServerReflection as V1,
} from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../../protos/gen/grpc/reflection/v1alpha/reflection_pb.ts";

export type Host = (request: Request) => Response | Promise<Response>;
export type ReflectionRequest = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const HOST = "https://host.example";

export async function unaryCall(host: Host, procedure: string, message: unknown = {}): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return host(new Request(`${HOST}/${procedure}`, { method: "POST", headers, body: JSON.stringify(message) }));
}

export function streamRequest({ parent, name, input }: DescMethod, messages: readonly object[], signal?: AbortSignal): Request {
  const body = encodeEnvelopes(...messages.map((message) => ({ flags: 0, data: toBinary(input, create(input, message as never)) })));
  const headers = { "content-type": "application/connect+proto" };
  return new Request(`${HOST}/${parent.typeName}/${name}`, { method: "POST", headers, body, signal: signal ?? null });
}

/** @returns the responses to all requests, and the error that the stream ends with */
export async function reflect(host: Host, requests: readonly ReflectionRequest[], version: "v1" | "v1alpha" = "v1") {
  const { serverReflectionInfo } = (version === "v1" ? V1 : V1Alpha).method;
  const messages = requests.map((messageRequest) => ({ host: "h", messageRequest }));
  const bytes = new Uint8Array(await (await host(streamRequest(serverReflectionInfo, messages))).arrayBuffer());
  const responses: ServerReflectionResponse[] = [];
  for (const { flags, data } of envelopes(bytes)) {
    if (flags === 2) return { responses, error: JSON.parse(new TextDecoder().decode(data)).error as { code: string } | undefined };
    responses.push(fromBinary(ServerReflectionResponseSchema, data)); // v1alpha has the same bytes
  }
  throw new Error("the stream has no end");
}

/** A response in short: names of services and files, numbers, or the code and message of an error. */
export function summaryOf({ messageResponse }: ServerReflectionResponse): unknown {
  const { case: kind, value } = messageResponse;
  switch (kind) {
    case "listServicesResponse":
      return value.service.map(({ name }) => name);
    case "fileDescriptorResponse":
      return value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
    case "allExtensionNumbersResponse":
      return value.extensionNumber;
    case "errorResponse":
      return `${value.errorCode}: ${value.errorMessage}`;
    case undefined:
      return undefined;
  }
}

export function* envelopes(bytes: Uint8Array): Generator<{ flags: number; data: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + view.getUint32(at + 1);
    yield { flags: view.getUint8(at), data: bytes.subarray(at + 5, end) };
    at = end;
  }
}
