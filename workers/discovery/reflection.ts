// grpc.reflection.v1 and v1alpha: gives callers without the protos the services of the host and their descriptors.
import type { DescFile } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createServiceImplSpec, type ServiceImplSpec } from "@connectrpc/connect";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import * as v1alpha from "../../protos/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { SchemaIndex } from "./schema-index.ts";

/** A short request can have a long response. */
export interface ReflectionLimits {
  readonly maxMessages: number; // requests in one stream
  readonly maxMessageBytes: number; // largest response, as JSON, which is the longer form; at least 65,536
}

export const REFLECTION_LIMITS: ReflectionLimits = { maxMessages: 16, maxMessageBytes: 262_144 };
const RESPONSE_BYTES = 24_576; // the part of a response beside files and names: the request, whose names take up to 6 bytes a character
const MAX_TEXT = 1_024; // characters of a name in a request, which the response repeats

type MessageResponse = ServerReflectionResponse["messageResponse"];
type SentFiles = Set<string>; // names of the files that were sent in this stream

/**
 * Both versions, with one implementation. Each request of a stream gets its response at once. That also serves callers over HTTP/1.1, which
 * send all requests before they read.
 *
 * Clients open another stream where one has ended, and request a file by its name where a response has left it out. What a stream has sent
 * it does not send again: its clients have it.
 *
 * @param index called with the first request: a Worker without calls of reflection builds no index
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflection(index: () => SchemaIndex, limits: ReflectionLimits): ServiceImplSpec[] {
  const { maxMessages } = limits;
  async function* v1(requests: AsyncIterable<ServerReflectionRequest>): AsyncGenerator<ServerReflectionResponse> {
    const sent: SentFiles = new Set();
    let count = 0;
    for await (const request of requests) {
      count += 1;
      if (count > maxMessages)
        throw new ConnectError(`more than ${maxMessages} requests in one stream; open another one`, Code.ResourceExhausted);
      checkTexts(request);
      const messageResponse = respond(index(), request, sent, limits.maxMessageBytes);
      yield create(ServerReflectionResponseSchema, { validHost: request.host, originalRequest: request, messageResponse });
    }
  }
  return [
    createServiceImplSpec<typeof ServerReflection>(ServerReflection, { serverReflectionInfo: v1 }),
    createServiceImplSpec<typeof v1alpha.ServerReflection>(v1alpha.ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const response of v1(asV1(requests))) yield asV1Alpha(response);
      },
    }),
  ];
}

/** @throws ConnectError for a name that is too long: the response has it twice */
function checkTexts({ host, messageRequest: { value } }: ServerReflectionRequest): void {
  const name = typeof value === "object" ? value.containingType : (value ?? "");
  if (host.length > MAX_TEXT || name.length > MAX_TEXT)
    throw new ConnectError(`a name is longer than ${MAX_TEXT} characters`, Code.InvalidArgument);
}

function respond(index: SchemaIndex, { messageRequest }: ServerReflectionRequest, sent: SentFiles, maxBytes: number): MessageResponse {
  switch (messageRequest.case) {
    case "listServices":
      if (index.services.join('"},{"name":"').length > maxBytes - RESPONSE_BYTES)
        return failed(Code.ResourceExhausted, `the ${index.services.length} services do not fit into one message of ${maxBytes} bytes`);
      return create(ServerReflectionResponseSchema, {
        messageResponse: { case: "listServicesResponse", value: { service: index.services.map((name) => ({ name })) } },
      }).messageResponse;
    case "fileByFilename":
      return files(index, index.file(messageRequest.value), `file ${messageRequest.value}`, sent, maxBytes);
    case "fileContainingSymbol":
      return files(index, index.declaring(messageRequest.value), `symbol ${messageRequest.value}`, sent, maxBytes);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = messageRequest.value;
      return files(
        index,
        index.extending(containingType, extensionNumber),
        `extension ${extensionNumber} of ${containingType}`,
        sent,
        maxBytes,
      );
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(messageRequest.value);
      if (extensionNumber === undefined) return notFound(`type ${messageRequest.value}`);
      if (extensionNumber.join(",").length > maxBytes - RESPONSE_BYTES)
        return failed(Code.ResourceExhausted, `the ${extensionNumber.length} numbers do not fit into one message of ${maxBytes} bytes`);
      return create(ServerReflectionResponseSchema, {
        messageResponse: {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: messageRequest.value, extensionNumber: [...extensionNumber] },
        },
      }).messageResponse;
    }
    case undefined:
      throw new ConnectError("message_request is empty; set one of its fields", Code.InvalidArgument);
  }
}

/** The file, and as many of its imports as fit. What this stream has sent before is left out. */
function files(index: SchemaIndex, file: DescFile | undefined, what: string, sent: SentFiles, maxBytes: number): MessageResponse {
  if (file === undefined) return notFound(what);
  const fileDescriptorProto: Uint8Array[] = [];
  const wanted = new Set([file]); // the loop reaches what it adds
  let left = maxBytes - RESPONSE_BYTES;
  for (const one of wanted) {
    for (const dependency of one.dependencies) wanted.add(dependency);
    if (sent.has(one.proto.name)) continue;
    const bytes = index.bytes(one);
    const size = sizeInJson(bytes);
    if (size > left) {
      if (one !== file) continue;
      return failed(Code.ResourceExhausted, `${what} has ${bytes.byteLength} bytes, more than ${maxBytes} in one message`);
    }
    left -= size;
    sent.add(one.proto.name);
    fileDescriptorProto.push(bytes);
  }
  return create(ServerReflectionResponseSchema, { messageResponse: { case: "fileDescriptorResponse", value: { fileDescriptorProto } } })
    .messageResponse;
}

/** Bytes of a file in base64, with quotes and comma. */
function sizeInJson({ byteLength }: Uint8Array): number {
  return 4 * Math.ceil(byteLength / 3) + 3;
}

function notFound(what: string): MessageResponse {
  return failed(Code.NotFound, `${what} not found`);
}

/** An error of one request, which does not end the stream. */
function failed(errorCode: Code, errorMessage: string): MessageResponse {
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: "errorResponse", value: { errorCode, errorMessage: errorMessage.slice(0, 300) } },
  }).messageResponse;
}

// v1alpha has the same messages as v1 under another name, byte for byte.

async function* asV1(requests: AsyncIterable<v1alpha.ServerReflectionRequest>): AsyncGenerator<ServerReflectionRequest> {
  for await (const request of requests)
    yield fromBinary(ServerReflectionRequestSchema, toBinary(v1alpha.ServerReflectionRequestSchema, request));
}

function asV1Alpha(response: ServerReflectionResponse): v1alpha.ServerReflectionResponse {
  return fromBinary(v1alpha.ServerReflectionResponseSchema, toBinary(ServerReflectionResponseSchema, response));
}
