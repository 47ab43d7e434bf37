// One call while a host serves it: what the code that serves it writes down, for the limits and the metrics of the host.
import { type ContextKey, type ContextValues, createContextKey } from "@connectrpc/connect";
import { type ProvenCaller, valuesOf } from "../identity/caller.ts";

const NONE: readonly (() => void)[] = [];

/** Written by the one function that serves the call, `serve-unary.ts` or `serve-stream.ts`; read by the host at its end. */
export class ServedCall {
  readonly caller: ProvenCaller | undefined; // undefined where the service proves none
  code = "ok"; // Connect's name of the code
  requestBytes = 0; // size of its messages without compression
  responseBytes = 0; // the same; of JSON its UTF-16 code units
  isStreaming = false; // the response is a stream: the call ends with it, and not with its head
  #hasEnded = false;
  #onEnd: readonly (() => void)[] = NONE;

  constructor(caller: ProvenCaller | undefined) {
    this.caller = caller;
  }

  /** @param onEnd runs once, at the end of the stream; at once where that has ended before */
  onStreamEnd(onEnd: () => void): void {
    if (this.#hasEnded) onEnd();
    else this.#onEnd = [...this.#onEnd, onEnd];
  }

  /** The stream has ended, broken off, or is no longer read. May be called again. */
  streamEnded(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const onEnd of this.#onEnd) onEnd();
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
