// The service that the conformance suite calls: it responds as each request defines, and returns what it received.
// Written from docs/testing_servers.md of connectrpc.com/conformance.
import { create, createRegistry, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { defineService } from "../../workers/service.ts";
import * as pb from "./gen/connectrpc/conformance/v1/service_pb.ts";

type Info = pb.ConformancePayload_RequestInfo;

const registry = createRegistry(pb.file_connectrpc_conformance_v1_service);

export const conformance = (readMaxBytes: number) =>
  defineService(
    pb.ConformanceService,
    () => ({
      unary: (request, context) => unary(request.responseDefinition, context, [anyPack(pb.UnaryRequestSchema, request)]),
      idempotentUnary: (request, context) =>
        unary(request.responseDefinition, context, [anyPack(pb.IdempotentUnaryRequestSchema, request)]),
      async clientStream(requests, context) {
        const { first, all } = await collected(pb.ClientStreamRequestSchema, requests);
        return unary(first?.responseDefinition, context, all);
      },
      async *serverStream(request, context) {
        yield* stream(request.responseDefinition, context, [anyPack(pb.ServerStreamRequestSchema, request)]);
      },
      async *bidiStream(requests, context) {
        const { first, all } = await collected(pb.BidiStreamRequestSchema, requests); // half duplex: all that HTTP/1.1 can do
        yield* stream(first?.responseDefinition, context, all);
      },
    }),
    { registry, maxInflation: 1_100, ...(readMaxBytes > 0 && { readMaxBytes }) },
  );

async function collected<T extends DescMessage>(schema: T, requests: AsyncIterable<MessageShape<T>>) {
  let first: MessageShape<T> | undefined;
  const all: Any[] = [];
  for await (const request of requests) {
    first ??= request;
    all.push(anyPack(schema, request));
  }
  return { first, all };
}

async function unary(definition: pb.UnaryResponseDefinition | undefined, context: HandlerContext, requests: Any[]) {
  addHeaders(definition, context);
  await scheduler.wait(definition?.responseDelayMs ?? 0);
  const requestInfo = infoOf(context, requests);
  const answer = definition?.response;
  if (answer?.case === "error") throw errorOf(answer.value, requestInfo);
  return { payload: { data: answer?.case === "responseData" ? answer.value : new Uint8Array(), requestInfo } };
}

async function* stream(definition: pb.StreamResponseDefinition | undefined, context: HandlerContext, requests: Any[]) {
  addHeaders(definition, context);
  const requestInfo = infoOf(context, requests);
  let isFirst = true;
  for (const data of definition?.responseData ?? []) {
    await scheduler.wait(definition?.responseDelayMs ?? 0);
    yield { payload: { data, ...(isFirst && { requestInfo }) } };
    isFirst = false;
  }
  if (definition?.error !== undefined) throw errorOf(definition.error, isFirst ? requestInfo : undefined);
}

type Definition = pb.UnaryResponseDefinition | pb.StreamResponseDefinition;

function addHeaders(definition: Definition | undefined, { responseHeader, responseTrailer }: HandlerContext): void {
  for (const { name, value } of definition?.responseHeaders ?? []) for (const each of value) responseHeader.append(name, each);
  for (const { name, value } of definition?.responseTrailers ?? []) for (const each of value) responseTrailer.append(name, each);
}

function infoOf(context: HandlerContext, requests: Any[]): Info {
  const timeoutMs = context.timeoutMs();
  return create(pb.ConformancePayload_RequestInfoSchema, {
    requestHeaders: listOf(context.requestHeader),
    requests,
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.floor(timeoutMs)) }),
    ...(context.requestMethod === "GET" && { connectGetInfo: { queryParams: listOf(new URL(context.url).searchParams) } }),
  });
}

function listOf(entries: Iterable<[string, string]>): pb.Header[] {
  const byName = new Map<string, string[]>();
  for (const [name, value] of entries) byName.set(name, [...(byName.get(name) ?? []), value]);
  return [...byName].map(([name, value]) => create(pb.HeaderSchema, { name, value }));
}

function errorOf({ message, code, details }: pb.Error, requestInfo: Info | undefined): ConnectError {
  const error = new ConnectError(message ?? "", code as number as Code);
  const sent = details.map(({ typeUrl, value }) => ({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value }));
  error.details = requestInfo === undefined ? sent : [...sent, { desc: pb.ConformancePayload_RequestInfoSchema, value: requestInfo }];
  return error;
}
