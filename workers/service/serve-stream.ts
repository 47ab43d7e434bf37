// Serves streaming calls with the router of connect-es, and adds deadlines, and errors that name the caller's faults as such.
import { Code, ConnectError, createConnectRouter, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { type ByteReader, drain } from "./body.ts";
import { asCallerError, toConnectError, untilAborted } from "./call-error.ts";
import { compressions } from "./compression.ts";
import { refusalFor } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Serves one streaming method, in Connect and gRPC-Web. */
export function serveStream({ method, impl }: MethodImplSpec, settings: Settings): (request: Request) => Promise<Response> {
  const router = createConnectRouter({
    grpc: false, // its trailers do not pass a Response
    acceptCompression: compressions,
    readMaxBytes: settings.readMaxBytes,
    maxTimeoutMs: settings.maxTimeoutMs,
    jsonOptions: settings.json,
    interceptors: [guard, ...settings.interceptors],
  });
  router.rpc(method, impl);
  const handle = router.handlers[0] as UniversalHandler; // one method, one handler

  return async (request) => {
    const refusal = refusalFor(request, method);
    if (refusal !== undefined) return refusal;
    const reader: ByteReader | undefined = request.body?.getReader();
    const hungUp = new AbortController();
    const response = await handle({
      httpVersion: "2", // the platform speaks HTTP with the caller; here, bodies are streams in both directions
      method: request.method,
      url: request.url,
      header: request.headers,
      signal: AbortSignal.any([request.signal, hungUp.signal]),
      body: chunksOf(reader),
    });
    if (method.methodKind !== "bidi_streaming") await drain(reader);
    const body = response.body ?? chunksOf(undefined);
    const chunks = method.methodKind === "bidi_streaming" ? thenDrain(body, reader) : body;
    return new Response(streamOf(chunks, hungUp), { status: response.status, headers: response.header ?? {} });
  };
}

/** The outermost interceptor: ends the call at its deadline, and turns faults into the same errors as unary calls do. */
const guard: Interceptor = (next) => async (request) => {
  if (!request.stream) return next(request);
  const { method, header, signal } = request;
  const settled = <T>(work: Promise<T>): Promise<T> =>
    untilAborted(work, signal).catch((reason: unknown) => {
      throw toConnectError(reason, { method, header, signal });
    });
  const response = await settled(next({ ...request, message: withCallerErrors(request.message) }));
  return response.stream ? { ...response, message: guarded(response.message, settled) } : response;
};

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

async function* withCallerErrors<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (reason) {
    throw asCallerError(reason);
  }
}

async function* chunksOf(reader: ByteReader | undefined): AsyncGenerator<Uint8Array> {
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function* thenDrain(chunks: AsyncIterable<Uint8Array>, reader: ByteReader | undefined): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await drain(reader);
}

/** A caller that cancels the response ends the call: an implementation that waits for its next message would wait on. */
function streamOf(chunks: AsyncIterable<Uint8Array>, hungUp: AbortController): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel() {
      hungUp.abort(new ConnectError("caller hung up", Code.Canceled));
      iterator.return?.().catch(() => undefined);
    },
  });
}
