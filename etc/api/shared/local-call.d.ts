import { DescMethod, Message } from "@bufbuild/protobuf";
/** A span of the platform's traces. */
interface HostSpan {
  readonly isTraced: boolean;
  spanContext(): {
    readonly traceId: string;
    readonly spanId: string;
  };
  setAttribute(name: string, value: string | number): unknown;
  setStatus(status: {
    readonly code: "error";
    readonly message?: string;
  }): unknown;
}
/** Each part may be missing: then the host does without it. */
interface Platform {
  /** Of the service binding over which the call has come. */
  readonly props?: unknown;
  readonly tracing?: {
    enterSpan<T>(name: string, run: (span: HostSpan) => T): T;
  };
  waitUntil?(work: Promise<unknown>): void;
}
/** A call as its transport hands it over. */
interface LocalCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly timeoutMs: number | undefined;
  /** Aborted where the caller no longer waits. Read only where the callee does not respond at once. */
  readonly signal: AbortSignal | undefined;
  /** As the third argument of `fetch`; its `props` name the caller, as those of a service binding do. */
  readonly platform: Platform | undefined;
}
/** Of a unary call. */
interface LocalResponse {
  readonly message: Message;
  readonly header: Headers;
  readonly trailer: Headers;
}
/** The calls of a service within its isolate. `inProcess` of `tidegate/client` uses it. */
interface LocalService<Env> {
  /** @throws ConnectError as a client receives it over a network */
  unary(call: LocalCall, input: Message, env: Env): Promise<LocalResponse>;
  /** @throws ConnectError for a call that is refused; later errors come with the messages */
  stream(call: LocalCall, inputs: AsyncIterable<Message>, env: Env): Promise<LocalStream>;
}
/** Of a stream. */
interface LocalStream {
  readonly message: AsyncIterable<Message>;
  readonly header: Headers;
  readonly trailer: Headers;
}
export { LocalService as n, Platform as r, LocalCall as t };