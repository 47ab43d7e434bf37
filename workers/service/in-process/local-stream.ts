// A stream within the isolate: each message is copied as it is read, so that a slow reader holds the sender.
import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError, createHandlerContext, type HandlerContext, type MethodImplSpec } from "@connectrpc/connect";
import { transformInvokeImplementation } from "@connectrpc/connect/protocol";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { toConnectError, untilAborted } from "../call-error.ts";
import { type ServedCall, valuesOfStream } from "../host/served-call.ts";
import { limitTimeout } from "../limits/timeout.ts";
import { limitError } from "../limits/write-limit.ts";
import { markStopped } from "../mesh/retry-chain.ts";
import type { Settings } from "../settings.ts";
import { type LocalCall, type LocalStream, PROTOCOL, urlOf } from "./local-call.ts";
import { received, sent } from "./messages.ts";
import { asReceived } from "./received-error.ts";

type Context = HandlerContext & { abort(reason?: unknown): void };

/** @returns the stream once its first message, or its end, is there: headers may be set until then. `served` is ended with it */
export async function streamWithin(
  spec: MethodImplSpec,
  call: LocalCall,
  inputs: AsyncIterable<Message>,
  served: ServedCall,
  settings: Settings,
): Promise<LocalStream> {
  const context = createHandlerContext({
    ...{ service: call.method.parent, method: call.method, protocolName: PROTOCOL, requestMethod: "POST", url: urlOf(call.method) },
    ...{ requestHeader: call.header, responseHeader: { "Content-Type": "application/connect+proto" } },
    ...(call.signal !== undefined && { requestSignal: call.signal }),
    ...(call.timeoutMs !== undefined && { timeoutMs: limitTimeout(call.timeoutMs, settings.maxTimeoutMs)! }),
    contextValues: valuesOfStream(served),
  });
  const trailer = new Headers();
  const iterator = outputsOf(spec, call, inputs, context, served, settings, trailer);
  // Whoever no longer reads, or waits too long to do so, leaves the stream between two messages.
  context.signal.addEventListener("abort", () => void iterator.return(undefined).catch(() => undefined), { once: true });
  const first = iterator.next();
  await first.catch(() => undefined); // whoever reads the messages gets the error
  return { message: { [Symbol.asyncIterator]: () => replayed(first, iterator) }, header: context.responseHeader, trailer };
}

async function* outputsOf(
  spec: MethodImplSpec,
  { method, header, signal }: LocalCall,
  inputs: AsyncIterable<Message>,
  context: Context,
  served: ServedCall,
  settings: Settings,
  trailer: Headers,
): AsyncGenerator<Message> {
  // The types of connect-es need the shapes of one method; here, it may be any.
  const invoke = transformInvokeImplementation(spec as never, context, settings.interceptors) as (
    of: AsyncIterable<Message>,
  ) => AsyncIterable<Message>;
  const work = invoke(inputsOf(method, inputs, settings))[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await untilAborted(work.next(), context.signal);
      if (done === true) break;
      yield sent(method, create(method.output, value), settings);
    }
    for (const [name, text] of context.responseTrailer) trailer.append(name, text);
  } catch (reason) {
    const error = markStopped(toConnectError(reason, { method, header, signal: context.signal }), context.values);
    served.code = codeToString(error.code);
    throw asReceived(limitError(error, settings), context.responseHeader, context.responseTrailer, settings);
  } finally {
    if (signal?.aborted === true && served.code === "ok") served.code = "canceled";
    context.abort(new ConnectError("call has ended", Code.Canceled));
    // Not awaited: an implementation that sleeps past its deadline would keep the stream from ending.
    work.return?.().catch(() => undefined);
    served.streamEnded();
  }
}

/**
 * The messages of the caller, each a copy. One is read ahead, as connections do: a caller that waits until its message is taken need not wait
 * for the response to it. Where the caller fails to make one, the callee learns that the request has ended early.
 */
async function* inputsOf({ input }: DescMethod, inputs: AsyncIterable<Message>, settings: Settings): AsyncGenerator<Message> {
  const iterator = inputs[Symbol.asyncIterator]();
  const read = (): Promise<IteratorResult<Message>> => {
    const result = iterator.next().catch((reason: unknown) => {
      throw new ConnectError("request ended early", Code.Canceled, undefined, undefined, reason);
    });
    result.catch(() => undefined); // the callee may have ended before
    return result;
  };
  let ahead = read();
  try {
    for (;;) {
      const { done, value } = await ahead;
      if (done === true) return;
      ahead = read();
      yield received(input, value, settings);
    }
  } finally {
    iterator.return?.().catch(() => undefined);
  }
}

/** As the iterator, with its first result at the front. */
function replayed(first: Promise<IteratorResult<Message>>, iterator: AsyncGenerator<Message>): AsyncIterator<Message> {
  let isReplayed = false;
  return {
    next() {
      if (isReplayed) return iterator.next();
      isReplayed = true;
      return first;
    },
    return: (value?: unknown) => iterator.return(value as undefined),
  };
}
