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

/** Requests in one stream: a short request can have a long response, and rate limits count a stream as one call. */
export const MAX_REQUESTS = 10_000;

type MessageResponse = ServerReflectionResponse["messageResponse"];
type SentFiles = Set<string>; // names of the files that were sent in this stream

/**
 * Both versions, with one implementation. Each request of a stream gets its response at once. That also serves callers over HTTP/1.1, which
 * send all requests before they read.
 *
 * @param index called with the first request: a Worker without calls of reflection builds no index
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflection(index: () => SchemaIndex): ServiceImplSpec[] {
  async function* v1(requests: AsyncIterable<ServerReflectionRequest>): AsyncGenerator<ServerReflectionResponse> {
    const sent: SentFiles = new Set();
    let count = 0;
    for await (const request of requests) {
      count += 1;
      if (count > MAX_REQUESTS)
        throw new ConnectError(`more than ${MAX_REQUESTS} requests in one stream; open another one`, Code.ResourceExhausted);
      const messageResponse = respond(index(), request, sent);
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

function respond(index: SchemaIndex, { messageRequest }: ServerReflectionRequest, sent: SentFiles): MessageResponse {
  switch (messageRequest.case) {
    case "listServices":
      return create(ServerReflectionResponseSchema, {
        messageResponse: { case: "listServicesResponse", value: { service: index.services.map((name) => ({ name })) } },
      }).messageResponse;
    case "fileByFilename":
      return files(index, index.file(messageRequest.value), `file ${messageRequest.value}`, sent);
    case "fileContainingSymbol":
      return files(index, index.declaring(messageRequest.value), `symbol ${messageRequest.value}`, sent);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = messageRequest.value;
      return files(index, index.extending(containingType, extensionNumber), `extension ${extensionNumber} of ${containingType}`, sent);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(messageRequest.value);
      if (extensionNumber === undefined) return notFound(`type ${messageRequest.value}`);
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

/** The file, and all its imports that were not sent in this stream yet. */
function files(index: SchemaIndex, file: DescFile | undefined, what: string, sent: SentFiles): MessageResponse {
  if (file === undefined) return notFound(what);
  const added = [file];
  sent.add(file.proto.name);
  for (const { dependencies } of added) {
    for (const dependency of dependencies) {
      if (sent.has(dependency.proto.name)) continue;
      sent.add(dependency.proto.name);
      added.push(dependency); // the loop reaches it as well
    }
  }
  const fileDescriptorProto = added.map((one) => index.bytes(one));
  return create(ServerReflectionResponseSchema, { messageResponse: { case: "fileDescriptorResponse", value: { fileDescriptorProto } } })
    .messageResponse;
}

/** An error of one request, which does not end the stream. */
function notFound(what: string): MessageResponse {
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage: `${what} not found`.slice(0, 300) } },
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
