// A call within the isolate, between the transport of its caller and the host of its callee.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { Platform } from "../host/platform.ts";

/** A call as its transport hands it over. */
export interface LocalCall {
  readonly method: DescMethod;
  readonly header: Headers; // the callee may read it as long as it works
  readonly timeoutMs: number | undefined; // undefined for none
  /** Aborted where the caller no longer waits. Read only where the callee does not respond at once. */
  readonly signal: AbortSignal | undefined;
  /** As the third argument of `fetch`; its `props` name the caller, as those of a service binding do. */
  readonly platform: Platform | undefined;
}

/** Of a unary call. */
export interface LocalResponse {
  readonly message: Message;
  readonly header: Headers;
  readonly trailer: Headers;
}

/** The calls of a service within its isolate. `inProcess` of `tidegate/client` uses it. */
export interface LocalService<Env> {
  /** @throws ConnectError as a client receives it over a network */
  unary(call: LocalCall, input: Message, env: Env): Promise<LocalResponse>;
  /** @throws ConnectError for a call that is refused; later errors come with the messages */
  stream(call: LocalCall, inputs: AsyncIterable<Message>, env: Env): Promise<LocalStream>;
}

/** Of a stream. */
export interface LocalStream {
  readonly message: AsyncIterable<Message>;
  readonly header: Headers;
  readonly trailer: Headers; // complete at the end of the messages
}

/** Handed on as the protocol of the call: its errors, headers and trailers are those of Connect. */
export const PROTOCOL = "connect";

export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

export function urlOf(method: DescMethod): string {
  return `http://in-process${pathOf(method)}`;
}
