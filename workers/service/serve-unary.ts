// Unary calls over protobuf-es itself: all that connect-es' router does for them, for a fraction of its CPU.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import type { HandlerContext, MethodImplSpec } from "@connectrpc/connect";
import { createMethodSerializationLookup, invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import { parseContentType } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import { openContext } from "./call-context.ts";
import { blameCaller, toConnectError } from "./call-error.ts";
import { readQuery } from "./query.ts";
import { refusalOf, unsupported } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { connectGet, connectPost, grpcWeb, type Wire } from "./wire.ts";

export type UnarySpec = MethodImplSpec<DescMessage, DescMessage> & { kind: "unary" };

/** Serves one unary method: Connect POST, Connect GET where the method has no side effects, and gRPC-Web. */
export function serveUnary(spec: UnarySpec, settings: Settings): (request: Request) => Promise<Response> {
  const { method } = spec;
  const limits = { readMaxBytes: settings.readMaxBytes, writeMaxBytes: Number.MAX_SAFE_INTEGER };
  const serialization = createMethodSerializationLookup(method, undefined, settings.json, limits);

  return async (request) => {
    const wire = refusalOf(request, method) ?? wireOf(request);
    if (wire instanceof Response) return wire;

    const { timeoutMs, error: badTimeout } = wire.timeout(request.headers, settings.maxTimeoutMs);
    const { protocol: protocolName, contentType, trailer } = wire;
    const context = openContext({ method, protocolName, request, timeoutMs, contentType, trailer });
    const answer = async (): Promise<Response> => {
      const bytes = await wire.read(request, settings);
      if (badTimeout !== undefined) throw badTimeout;
      context.throwIfLate();
      return wire.answer(context, write(await invoke(parse(bytes, wire), context), wire));
    };
    try {
      return await context.bounded(answer());
    } catch (reason) {
      return wire.refuse(context, toConnectError(reason, { method, header: request.headers, signal: context.signal }), settings);
    } finally {
      context.end();
    }
  };

  async function invoke(input: Message, context: HandlerContext): Promise<Message> {
    if (settings.interceptors.length > 0) return invokeUnaryImplementation(spec, context, input, settings.interceptors);
    return create(method.output, await spec.impl(input, context));
  }

  function parse(bytes: Uint8Array, { isBinary }: Wire): Message {
    try {
      return serialization.getI(isBinary).parse(bytes);
    } catch (reason) {
      throw blameCaller(reason);
    }
  }

  function write(output: Message, { isBinary }: Wire): Uint8Array<ArrayBuffer> {
    try {
      return serialization.getO(isBinary).serialize(output);
    } catch (reason) {
      // connect-es would tell the caller which of our fields is amiss.
      throw new Error(`the answer of ${method.name} can't be written`, { cause: reason });
    }
  }
}

/** How the request speaks; only GET can still turn out to say nothing we know. */
function wireOf(request: Request): Wire | Response {
  if (request.method === "GET") {
    const query = readQuery(request.url);
    if (query.encoding === "json" || query.encoding === "proto") return connectGet(query.encoding === "proto", query);
    return unsupported(query.encoding === null ? "no encoding" : `encoding "${query.encoding.slice(0, 32)}"`, "json, proto");
  }
  const contentType = request.headers.get("content-type");
  const connect = parseContentType(contentType);
  return connect === undefined ? grpcWeb(parseGrpcWeb(contentType)?.binary !== false) : connectPost(connect.binary);
}
