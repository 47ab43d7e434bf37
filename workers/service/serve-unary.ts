// Serves unary calls directly over protobuf-es: everything that the router of connect-es does for them, for a fraction of its CPU time.
import { create, type DescMethod, type Message, toJsonString } from "@bufbuild/protobuf";
import { createMethodSerializationLookup } from "@connectrpc/connect/protocol";
import { codeToString, parseContentType } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import { printable } from "../../core/protocol/printable.ts";
import { openContext } from "./call-context.ts";
import { asCallerError, toConnectError } from "./call-error.ts";
import { invokeUnary, isThenable, type UnarySpec } from "./host/invoke.ts";
import type { ServedCall } from "./host/served-call.ts";
import { readJson } from "./json-text.ts";
import { checkMessage } from "./limits/check-message.ts";
import { limitTimeout } from "./limits/timeout.ts";
import { limitError, responseTooLarge } from "./limits/write-limit.ts";
import { markStopped } from "./mesh/retry-chain.ts";
import { readQuery } from "./query.ts";
import { refusalFor, unsupported } from "./refusal.ts";
import type { Settings } from "./settings.ts";
import { connectGet, connectPost, grpcWeb, postFormat, type WireFormat, type Written } from "./wire.ts";

const MAX_UTF8_BYTES = 3; // bytes that one UTF-16 code unit has at most

/** Serves one unary method: Connect POST, Connect GET where the method has no side effects, and gRPC-Web. */
export function serveUnary(spec: UnarySpec, settings: Settings): (request: Request, call: ServedCall) => Promise<Response> {
  const { method } = spec;
  const { readMaxBytes, writeMaxBytes } = settings;
  const unlimited = { readMaxBytes, writeMaxBytes: Number.MAX_SAFE_INTEGER }; // `write` has an error that names the setting
  const serialization = createMethodSerializationLookup(method, undefined, settings.json, unlimited);

  return async (request, call) => {
    const wire = formatOf(request, method);
    if (wire instanceof Response) return wire;

    const { timeoutMs: requestedMs, error: badTimeout } = wire.timeout(request.headers);
    const timeoutMs = limitTimeout(requestedMs, settings.maxTimeoutMs);
    const { protocol: protocolName, contentType, trailer } = wire;
    const context = openContext({ method, protocolName, request, timeoutMs, contentType, trailer, caller: call.caller });
    try {
      const bytes = await context.withDeadline(wire.read(request, settings));
      call.requestBytes = bytes.byteLength;
      if (badTimeout !== undefined) throw badTimeout;
      context.throwIfExpired();
      const result = invokeUnary(spec, parse(bytes, wire), context, settings);
      const output = isThenable(result) ? await context.withDeadline(Promise.resolve(result)) : result;
      const written = write(create(method.output, output), wire);
      call.responseBytes = typeof written === "string" ? written.length : written.byteLength;
      return wire.respond(context, written, settings);
    } catch (reason) {
      const error = markStopped(toConnectError(reason, { method, header: request.headers, signal: context.signal }), context.usedValues);
      call.code = codeToString(error.code);
      return wire.respondWithError(context, limitError(error, settings), settings);
    } finally {
      context.end();
    }
  };

  function parse(bytes: Uint8Array, { isBinary }: WireFormat): Message {
    checkMessage(method.input, bytes, isBinary, settings.maxMessageElements);
    try {
      return isBinary ? serialization.getI(true).parse(bytes) : readJson(method.input, bytes, settings.json);
    } catch (reason) {
      throw asCallerError(reason);
    }
  }

  function write(output: Message, { isBinary }: WireFormat): Written {
    let written: Written;
    try {
      written = isBinary ? serialization.getO(true).serialize(output) : toJsonString(method.output, output, settings.json);
    } catch (reason) {
      // The error of connect-es would show a field of the response to the caller.
      throw new Error(`the response of ${method.name} can't be written`, { cause: reason });
    }
    if (isLonger(written, writeMaxBytes)) throw responseTooLarge(writeMaxBytes);
    return written;
  }
}

/** Whether a message has more bytes; a text is encoded to count them only where its length leaves it open. */
function isLonger(written: Written, maxBytes: number): boolean {
  if (typeof written !== "string") return written.byteLength > maxBytes;
  return (
    written.length * MAX_UTF8_BYTES > maxBytes && (written.length > maxBytes || new TextEncoder().encode(written).byteLength > maxBytes)
  );
}

/** @returns the wire format of a request, or the response to one that cannot be a call of this method */
function formatOf(request: Request, method: DescMethod): WireFormat | Response {
  const contentType = request.headers.get("content-type");
  const known = request.method === "POST" ? postFormat(contentType) : undefined;
  if (known !== undefined) return known;
  const refusal = refusalFor(request, method);
  if (refusal !== undefined) return refusal;
  if (request.method === "GET") {
    const query = readQuery(request.url);
    if (query.encoding === "json" || query.encoding === "proto") return connectGet(query.encoding === "proto", query);
    return unsupported(query.encoding === null ? "a request without encoding" : `encoding "${printable(query.encoding)}"`, "json, proto");
  }
  const connect = parseContentType(contentType);
  return connect === undefined ? grpcWeb(parseGrpcWeb(contentType)?.binary !== false) : connectPost(connect.binary);
}
