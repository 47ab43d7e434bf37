// Under test: the transport. Each request of the suite comes as one POST, the call is made, and its outcome is the response.
import { create, createRegistry, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Any, AnySchema, anyUnpackTo } from "@bufbuild/protobuf/wkt";
import { type CallOptions, ConnectError, createClient } from "@connectrpc/connect";
import { type TransportOptions, transportTo } from "../../../workers/client/transport.ts";
import { compressions } from "../../../workers/service/compression.ts";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
  type ClientResponseResult,
  ClientResponseResultSchema,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.ts";
import { type Code, Codec, Compression, Protocol } from "../gen/connectrpc/conformance/v1/config_pb.ts";
import {
  type ConformancePayload,
  ConformancePayloadSchema,
  ConformanceService,
  ErrorSchema,
  file_connectrpc_conformance_v1_service,
  HeaderSchema,
} from "../gen/connectrpc/conformance/v1/service_pb.ts";

/** A Worker that makes the calls. @param targetOf what the transport is given for the base URL of a server */
export function clientWorker(targetOf: (url: string) => Parameters<typeof transportTo>[0]) {
  return {
    async fetch(request: Request): Promise<Response> {
      const test = fromBinary(ClientCompatRequestSchema, new Uint8Array(await request.arrayBuffer()));
      const { testName } = test;
      const response = await run(test, targetOf(`http://${test.host}:${test.port}`)).then(
        (value) => create(ClientCompatResponseSchema, { testName, result: { case: "response", value } }),
        (reason: unknown) =>
          create(ClientCompatResponseSchema, { testName, result: { case: "error", value: { message: String(reason) } } }),
      );
      return new Response(toBinary(ClientCompatResponseSchema, response));
    },
  };
}

const registry = createRegistry(file_connectrpc_conformance_v1_service);
const COMPRESSION: Readonly<Record<string, Compression>> = { gzip: Compression.GZIP, deflate: Compression.DEFLATE };

function optionsFor(test: ClientCompatRequest): TransportOptions {
  const compression = compressions.find(({ name }) => COMPRESSION[name] === test.compression);
  return {
    protocol: test.protocol === Protocol.GRPC_WEB ? "grpc_web" : "connect",
    ...(test.codec === Codec.JSON && { json: { registry } }),
    useGet: test.useGetHttpMethod,
    compressions: compression === undefined ? [] : compressions,
    sendCompression: compression ?? null,
    timeoutMs: Number.POSITIVE_INFINITY,
    ...(test.messageReceiveLimit > 0 && { readMaxBytes: test.messageReceiveLimit }),
  };
}

async function run(test: ClientCompatRequest, target: Parameters<typeof transportTo>[0]): Promise<ClientResponseResult> {
  const method = ConformanceService.methods.find(({ name }) => name === (test.method ?? "Unary"));
  if (method === undefined) throw new Error(`there is no method ${test.method}`);
  const transport = transportTo(target, optionsFor(test));
  const result = create(ClientResponseResultSchema);
  const header = new Headers();
  for (const { name, value } of test.requestHeaders) for (const each of value) header.append(name, each);
  const timing = test.cancel?.cancelTiming;
  const stop = new AbortController();
  const messages = test.requestMessages.map((message) => unpacked(message, method.input));
  const cancelAfterSend = async (): Promise<void> => {
    if (test.cancel === undefined || timing?.case === "afterNumResponses") return;
    await scheduler.wait(timing?.case === "afterCloseSendMs" ? timing.value : 0);
    stop.abort();
  };
  let sent = 0;
  async function* requests() {
    for (const message of messages) {
      await scheduler.wait(test.requestDelayMs);
      sent++;
      yield message;
    }
    if (timing?.case === "beforeCloseSend") {
      stop.abort();
      await scheduler.wait(1_000); // the stream stays open until the call is gone
    } else void cancelAfterSend();
  }
  const take = (message: MessageShape<DescMessage>): void => {
    const { payload } = message as { payload?: ConformancePayload };
    result.payloads.push(payload ?? create(ConformancePayloadSchema));
    if (timing?.case === "afterNumResponses" && result.payloads.length >= timing.value) stop.abort();
  };
  const options: CallOptions = {
    headers: header,
    signal: stop.signal,
    ...(test.timeoutMs !== undefined && { timeoutMs: test.timeoutMs }),
    onHeader: (headers) => {
      result.responseHeaders = listOf(headers);
    },
    onTrailer: (trailers) => {
      result.responseTrailers = listOf(trailers);
    },
  };
  try {
    const client = createClient(ConformanceService, transport) as unknown as Record<string, Call>;
    const isOne = method.methodKind === "unary" || method.methodKind === "server_streaming";
    if (isOne) await scheduler.wait(test.requestDelayMs);
    const response = client[method.localName]!(isOne ? messages[0]! : requests(), options);
    if (isOne) {
      sent = 1;
      void cancelAfterSend();
    }
    if (Symbol.asyncIterator in response) for await (const message of response) take(message);
    else take(await response);
  } catch (reason) {
    const error = ConnectError.from(reason);
    if (result.responseHeaders.length === 0) result.responseHeaders = listOf(error.metadata);
    if (result.responseTrailers.length === 0) result.responseTrailers = listOf(error.metadata);
    result.error = create(ErrorSchema, {
      code: error.code as number as Code,
      message: error.rawMessage,
      details: error.details.flatMap(detailOf),
    });
  }
  result.numUnsentRequests = messages.length - sent;
  return result;
}

/** Any method of the client. */
type Call = (request: unknown, options: CallOptions) => Promise<MessageShape<DescMessage>> | AsyncIterable<MessageShape<DescMessage>>;

function unpacked(any: Any, schema: DescMessage): MessageShape<DescMessage> {
  const message = anyUnpackTo(any, schema, create(schema));
  if (message === undefined) throw new Error(`the request is a ${any.typeUrl}, no ${schema.typeName}`);
  return message;
}

function detailOf(detail: ConnectError["details"][number]) {
  return "desc" in detail ? [] : [create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value })];
}

function listOf(headers: Headers) {
  return [...headers].map(([name, value]) => create(HeaderSchema, { name, value: [value] }));
}
