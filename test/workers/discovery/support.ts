// Asks a host about itself, as callers over HTTP/1.1 do: all questions first, then all answers.
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

export type Host = (request: Request) => Promise<Response>;
export type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

const HOST = "https://host.example";

export function unaryCall(host: Host, procedure: string, message: unknown = {}): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return host(new Request(`${HOST}/${procedure}`, { method: "POST", headers, body: JSON.stringify(message) }));
}

export function streamRequest({ parent, name, input }: DescMethod, messages: readonly object[], signal?: AbortSignal): Request {
  const body = encodeEnvelopes(...messages.map((message) => ({ flags: 0, data: toBinary(input, create(input, message as never)) })));
  const headers = { "content-type": "application/connect+proto" };
  return new Request(`${HOST}/${parent.typeName}/${name}`, { method: "POST", headers, body, signal: signal ?? null });
}

/** The answers to all questions, and the error that the stream ends with. */
export async function ask(host: Host, questions: readonly Question[], version: "v1" | "v1alpha" = "v1") {
  const { serverReflectionInfo } = (version === "v1" ? V1 : V1Alpha).method;
  const messages = questions.map((messageRequest) => ({ host: "h", messageRequest }));
  const bytes = new Uint8Array(await (await host(streamRequest(serverReflectionInfo, messages))).arrayBuffer());
  const answers: ServerReflectionResponse[] = [];
  for (const { flags, data } of envelopes(bytes)) {
    if (flags === 2) return { answers, error: JSON.parse(new TextDecoder().decode(data)).error as { code: string } | undefined };
    answers.push(fromBinary(ServerReflectionResponseSchema, data)); // v1alpha has the same bytes
  }
  throw new Error("the stream has no end");
}

/** What the answer says, short: names of services and files, numbers, or the code of an error. */
export function said({ messageResponse }: ServerReflectionResponse): unknown {
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
