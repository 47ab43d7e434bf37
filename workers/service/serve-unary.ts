// Serves unary calls directly over protobuf-es: everything that the router of connect-es does for them, for a fraction of its CPU time.
import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import type { HandlerContext, MethodImplSpec } from "@connectrpc/connect";
import { createMethodSerializationLookup, invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import { parseContentType } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import { openContext } from "./call-context.ts";
import { asCallerError, toConnectError } from "./call-error.ts";
import { readQuery } from "./query.ts";
import { refusalFor, unsupported } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { connectGet, connectPost, grpcWeb, type WireFormat } from "./wire.ts";

export type UnarySpec = MethodImplSpec<DescMessage, DescMessage> & { kind: "unary" };

/** Serves one unary method: Connect POST, Connect GET where the method has no side effects, and gRPC-Web. */
export function serveUnary(spec: UnarySpec, settings: Settings): (request: Request) => Promise<Response> {
  const { method } = spec;
  const limits = { readMaxBytes: settings.readMaxBytes, writeMaxBytes: Number.MAX_SAFE_INTEGER };
  const serialization = createMethodSerializationLookup(method, undefined, settings.json, limits);

  return async (request) => {
    const wire = refusalFor(request, method) ?? wireOf(request);
    if (wire instanceof Response) return wire;

    const { timeoutMs, error: badTimeout } = wire.timeout(request.headers, settings.maxTimeoutMs);
    const { protocol: protocolName, contentType, trailer } = wire;
    const context = openContext({ method, protocolName, request, timeoutMs, contentType, trailer });
    const respond = async (): Promise<Response> => {
      const bytes = await wire.read(request, settings);
      if (badTimeout !== undefined) throw badTimeout;
      context.throwIfExpired();
      return wire.respond(context, write(await invoke(parse(bytes, wire), context), wire));
    };
    try {
      return await context.withDeadline(respond());
    } catch (reason) {
      return wire.respondWithError(context, toConnectError(reason, { method, header: request.headers, signal: context.signal }), settings);
    } finally {
      context.end();
    }
  };

  async function invoke(input: Message, context: HandlerContext): Promise<Message> {
    if (settings.interceptors.length > 0) return invokeUnaryImplementation(spec, context, input, settings.interceptors);
    return create(method.output, await spec.impl(input, context));
  }

  function parse(bytes: Uint8Array, { isBinary }: WireFormat): Message {
    try {
      return serialization.getI(isBinary).parse(bytes);
    } catch (reason) {
      throw asCallerError(reason);
    }
  }

  function write(output: Message, { isBinary }: WireFormat): Uint8Array<ArrayBuffer> {
    try {
      return serialization.getO(isBinary).serialize(output);
    } catch (reason) {
      // The error of connect-es would show a field of the response to the caller.
      throw new Error(`the response of ${method.name} can't be written`, { cause: reason });
    }
  }
}

/** @returns the wire format of a request, or the response to a GET whose encoding is not supported */
function wireOf(request: Request): WireFormat | Response {
  if (request.method === "GET") {
    const query = readQuery(request.url);
    if (query.encoding === "json" || query.encoding === "proto") return connectGet(query.encoding === "proto", query);
    return unsupported(query.encoding === null ? "no encoding" : `encoding "${query.encoding.slice(0, 32)}"`, "json, proto");
  }
  const contentType = request.headers.get("content-type");
  const connect = parseContentType(contentType);
  return connect === undefined ? grpcWeb(parseGrpcWeb(contentType)?.binary !== false) : connectPost(connect.binary);
}
