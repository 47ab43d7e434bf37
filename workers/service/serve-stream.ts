// Serves streaming calls with the router of connect-es, and adds deadlines, and errors that name the caller's faults as such.
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { codeToString, endStreamFlag, parseContentType } from "@connectrpc/connect/protocol-connect";
import { parseContentType as parseGrpcWeb, trailerFlag } from "@connectrpc/connect/protocol-grpc-web";
import { type ByteReader, drain, throwCanceled } from "./body.ts";
import { asCallerError, toConnectError, untilAborted } from "./call-error.ts";
import { SERVED_CALL, type ServedCall, valuesOfStream } from "./host/served-call.ts";
import { limitStream } from "./limits/limit-stream.ts";
import { withLimitedTimeout } from "./limits/timeout.ts";
import { limitEnd, limitError } from "./limits/write-limit.ts";
import { markStopped } from "./mesh/retry-chain.ts";
import { refusalFor } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Serves one streaming method, in Connect and gRPC-Web. */
export function serveStream(
  { method, impl }: MethodImplSpec,
  settings: Settings,
): (request: Request, call: ServedCall) => Promise<Response> {
  const router = createConnectRouter({
    grpc: false, // its trailers do not pass a Response
    acceptCompression: settings.compressions,
    readMaxBytes: settings.readMaxBytes,
    writeMaxBytes: settings.writeMaxBytes,
    jsonOptions: settings.json,
    interceptors: [guard(settings), ...settings.interceptors],
  });
  router.rpc(method, impl);
  const handle = router.handlers[0] as UniversalHandler; // one method, one handler

  return async (request, call) => {
    const refusal = refusalFor(request, method);
    if (refusal !== undefined) return refusal;
    const isGrpcWeb = parseGrpcWeb(request.headers.get("content-type")) !== undefined;
    const reader: ByteReader | undefined = request.body?.getReader();
    const hungUp = new AbortController();
    const response = await handle({
      httpVersion: "2", // the platform speaks HTTP with the caller; here, bodies are streams in both directions
      method: request.method,
      url: request.url,
      header: withLimitedTimeout(request.headers, isGrpcWeb, settings.maxTimeoutMs),
      signal: AbortSignal.any([request.signal, hungUp.signal]),
      body: limited(chunksOf(reader, call), request, method.input, settings),
      contextValues: valuesOfStream(call),
    });
    if (method.methodKind !== "bidi_streaming") await drain(reader);
    const body = response.body ?? chunksOf(undefined);
    const chunks = method.methodKind === "bidi_streaming" ? thenDrain(body, reader) : body;
    const limit = (envelope: Uint8Array): Uint8Array => limitEnd(envelope, isGrpcWeb, settings);
    call.isStreaming = true;
    return new Response(streamOf(chunks, limit, hungUp, call), { status: response.status, headers: response.header ?? {} });
  };
}

/** The outermost interceptor: ends the call at its deadline, and turns faults into the same errors as unary calls do. */
function guard(settings: Settings): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) return next(request);
    const { method, header, signal, contextValues } = request;
    const settled = <T>(work: Promise<T>): Promise<T> =>
      untilAborted(work, signal).catch((reason: unknown) => {
        const error = markStopped(toConnectError(reason, { method, header, signal }), contextValues);
        const call = contextValues.get(SERVED_CALL);
        if (call !== undefined) call.code = codeToString(error.code);
        throw limitError(error, settings);
      });
    const response = await settled(next({ ...request, message: messagesOf(request.message, signal) }));
    return response.stream ? { ...response, message: guarded(response.message, settled) } : response;
  };
}

async function* guarded<T>(messages: AsyncIterable<T>, settled: <R>(work: Promise<R>) => Promise<R>): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await settled(iterator.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    // Not awaited: an implementation that sleeps past its deadline would keep the response from ending.
    iterator.return?.().catch(() => undefined);
  }
}

/** The messages of the caller. The end of the call ends the wait for the next one: over a service binding, nothing else has to. */
async function* messagesOf<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await untilAborted(iterator.next(), signal);
      if (done === true) return;
      yield value;
    }
  } catch (reason) {
    throw signal.aborted ? ConnectError.from(signal.reason, Code.Canceled) : asCallerError(reason);
  } finally {
    iterator.return?.().catch(() => undefined); // it may wait for a message that never comes
  }
}

/** The body with its messages checked before they are decoded. */
function limited(body: AsyncIterable<Uint8Array>, { headers }: Request, type: DescMessage, settings: Settings): AsyncIterable<Uint8Array> {
  const contentType = headers.get("content-type");
  const web = parseGrpcWeb(contentType);
  const encoding = headers.get(web === undefined ? "connect-content-encoding" : "grpc-encoding");
  const isBinary = web?.binary ?? parseContentType(contentType)?.binary ?? true;
  const compression = settings.compressions.find(({ name }) => name === encoding) ?? null;
  const form = { isBinary, endFlag: web === undefined ? endStreamFlag : trailerFlag };
  return limitStream(body, type, form, compression, settings);
}

async function* chunksOf(reader: ByteReader | undefined, call?: ServedCall): AsyncGenerator<Uint8Array> {
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read().catch(throwCanceled);
    if (done) return;
    if (call !== undefined) call.requestBytes += value.byteLength;
    yield value;
  }
}

async function* thenDrain(chunks: AsyncIterable<Uint8Array>, reader: ByteReader | undefined): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await drain(reader);
}

/** A caller that cancels the response ends the call: an implementation that waits for its next message would wait on. */
function streamOf(
  chunks: AsyncIterable<Uint8Array>, // each is one envelope
  limit: (envelope: Uint8Array) => Uint8Array,
  hungUp: AbortController,
  call: ServedCall,
): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done !== true) {
          const envelope = limit(value);
          call.responseBytes += envelope.byteLength;
          return controller.enqueue(envelope);
        }
      } catch (error) {
        call.streamEnded();
        throw error;
      }
      call.streamEnded();
      controller.close();
    },
    cancel() {
      if (call.code === "ok") call.code = "canceled";
      call.streamEnded();
      hungUp.abort(new ConnectError("caller hung up", Code.Canceled));
      iterator.return?.().catch(() => undefined);
    },
  });
}
