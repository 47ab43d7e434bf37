// One call while a host serves it: what the code that serves it writes down, for the limits and the metrics of the host.
import { type ContextKey, type ContextValues, createContextKey } from "@connectrpc/connect";
import { type ProvenCaller, valuesOf } from "../identity/caller.ts";

/** Written by the one function that serves the call, `serve-unary.ts` or `serve-stream.ts`; read by the host at its end. */
export class ServedCall {
  readonly caller: ProvenCaller | undefined; // undefined where the service proves none
  code = "ok"; // Connect's name of the code
  requestBytes = 0; // size of its messages without compression
  responseBytes = 0; // the same; of JSON its UTF-16 code units
  isStreaming = false; // the response is a stream: the call ends with it, and not with its head
  #onEnd: (() => void) | undefined;

  constructor(caller: ProvenCaller | undefined) {
    this.caller = caller;
  }

  /** @param onEnd runs once, at the end of the stream */
  onStreamEnd(onEnd: () => void): void {
    this.#onEnd = onEnd;
  }

  /** The stream has ended, broken off, or is no longer read. May be called again. */
  streamEnded(): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}

/** By which interceptors find the call. */
export const SERVED_CALL: ContextKey<ServedCall | undefined> = createContextKey<ServedCall | undefined>(undefined, {
  description: "call of the host",
});

/** The values of the context of a stream. */
export function valuesOfStream(call: ServedCall): ContextValues {
  return valuesOf(call.caller).set(SERVED_CALL, call);
}
