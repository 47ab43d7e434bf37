// grpc.reflection.v1 and v1alpha: tells callers without a schema what is served here, and how it is spoken to.
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

/** Questions that one stream may ask: a short question can have a long answer, and a stream is counted as one call. */
export const MAX_QUESTIONS = 10_000;

type Answer = ServerReflectionResponse["messageResponse"];
type Sent = Set<string>; // names of the files that a stream has been sent

/**
 * Both versions, with one implementation. A stream answers each question as it arrives, so that it also serves callers who send all
 * of theirs before they read, as HTTP/1.1 has it.
 *
 * @param index asked for with the first question, so that a Worker nobody asks pays nothing
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function reflection(index: () => SchemaIndex): ServiceImplSpec[] {
  async function* v1(requests: AsyncIterable<ServerReflectionRequest>): AsyncGenerator<ServerReflectionResponse> {
    const sent: Sent = new Set();
    let questions = 0;
    for await (const request of requests) {
      questions += 1;
      if (questions > MAX_QUESTIONS) throw new ConnectError(`more than ${MAX_QUESTIONS} questions in a stream`, Code.ResourceExhausted);
      const messageResponse = answer(index(), request, sent);
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

function answer(index: SchemaIndex, { messageRequest: question }: ServerReflectionRequest, sent: Sent): Answer {
  switch (question.case) {
    case "listServices":
      return create(ServerReflectionResponseSchema, {
        messageResponse: { case: "listServicesResponse", value: { service: index.services.map((name) => ({ name })) } },
      }).messageResponse;
    case "fileByFilename":
      return files(index, index.file(question.value), `file ${question.value}`, sent);
    case "fileContainingSymbol":
      return files(index, index.declaring(question.value), `symbol ${question.value}`, sent);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = question.value;
      return files(index, index.extending(containingType, extensionNumber), `extension ${extensionNumber} of ${containingType}`, sent);
    }
    case "allExtensionNumbersOfType": {
      const extensionNumber = index.extensionNumbers(question.value);
      if (extensionNumber === undefined) return notFound(`type ${question.value}`);
      return create(ServerReflectionResponseSchema, {
        messageResponse: {
          case: "allExtensionNumbersResponse",
          value: { baseTypeName: question.value, extensionNumber: [...extensionNumber] },
        },
      }).messageResponse;
    }
    case undefined:
      throw new ConnectError("a question has to be one of message_request", Code.InvalidArgument);
  }
}

/** The file, and all that it imports and this stream has not been sent yet. */
function files(index: SchemaIndex, file: DescFile | undefined, what: string, sent: Sent): Answer {
  if (file === undefined) return notFound(what);
  const found = [file];
  sent.add(file.proto.name);
  for (const { dependencies } of found) {
    for (const dependency of dependencies) {
      if (sent.has(dependency.proto.name)) continue;
      sent.add(dependency.proto.name);
      found.push(dependency); // the loop comes to it, too
    }
  }
  const fileDescriptorProto = found.map((one) => index.bytes(one));
  return create(ServerReflectionResponseSchema, { messageResponse: { case: "fileDescriptorResponse", value: { fileDescriptorProto } } })
    .messageResponse;
}

/** An answer, not the end of the stream: the next question may be a better one. */
function notFound(what: string): Answer {
  return create(ServerReflectionResponseSchema, {
    messageResponse: { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage: `${what} not found`.slice(0, 300) } },
  }).messageResponse;
}

// v1alpha is v1 under another name, byte for byte.

async function* asV1(requests: AsyncIterable<v1alpha.ServerReflectionRequest>): AsyncGenerator<ServerReflectionRequest> {
  for await (const request of requests)
    yield fromBinary(ServerReflectionRequestSchema, toBinary(v1alpha.ServerReflectionRequestSchema, request));
}

function asV1Alpha(response: ServerReflectionResponse): v1alpha.ServerReflectionResponse {
  return fromBinary(v1alpha.ServerReflectionResponseSchema, toBinary(ServerReflectionResponseSchema, response));
}
