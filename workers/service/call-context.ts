// The context of one unary call. That of connect-es creates two abort controllers and three sets of headers, which is half the CPU time
// of a call; most implementations use none of them. This one creates them on first use.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, type HandlerContext } from "@connectrpc/connect";
import { type ProvenCaller, valuesOf } from "./identity/caller.ts";

/** What is read of the request: a `Request`, or what stands for it where a call comes from the same isolate. */
export interface CallSource {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined; // read on first use; undefined where the caller cannot cancel
}

export interface CallInit {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly request: CallSource;
  readonly timeoutMs: number | undefined; // 0: the deadline has passed
  readonly contentType: string; // content type of the response
  readonly trailer: Readonly<Record<string, string>>;
  readonly caller?: ProvenCaller | undefined; // where the service proves its callers
}

/** Its properties are accessors of the class: `openContext(...).toPlain()` is a copy that may be spread. */
export class CallContext implements HandlerContext {
  readonly #init: CallInit;
  readonly #endsAt: number | undefined; // epoch ms
  #over: { readonly reason: unknown } | undefined;
  #controller: AbortController | undefined;
  #signal: AbortSignal | undefined;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;
  #deadline: Promise<never> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(init: CallInit) {
    this.#init = init;
    this.#endsAt = init.timeoutMs === undefined ? undefined : Math.trunc(Date.now() + init.timeoutMs); // gRPC has timeouts in ns, too
  }

  get method(): DescMethod {
    return this.#init.method;
  }

  get service(): DescService {
    return this.#init.method.parent;
  }

  get protocolName(): string {
    return this.#init.protocolName;
  }

  get requestMethod(): string {
    return this.#init.request.method;
  }

  get url(): string {
    return this.#init.request.url;
  }

  /** A function of its own, so that an implementation may take it out of the context. */
  get timeoutMs(): () => number | undefined {
    return () => (this.#endsAt === undefined ? undefined : this.#endsAt - Date.now());
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= new Headers(this.#init.request.headers);
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new Headers({ "Content-Type": this.#init.contentType });
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new Headers(this.#init.trailer);
    return this.#responseTrailer;
  }

  get values(): ContextValues {
    this.#values ??= valuesOf(this.#init.caller);
    return this.#values;
  }

  /** The values of the call; undefined where no part of it has used them. */
  get usedValues(): ContextValues | undefined {
    return this.#values;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    this.#controller = new AbortController();
    if (this.#over !== undefined) this.#controller.abort(this.#over.reason);
    const { signal } = this.#init.request;
    this.#signal = signal === undefined ? this.#controller.signal : AbortSignal.any([this.#controller.signal, signal]);
    return this.#signal;
  }

  /** The headers of the response; undefined where they are the content type alone. */
  get usedHeader(): Headers | undefined {
    return this.#responseHeader;
  }

  /** The trailers of the response; undefined where they are those of the protocol alone. */
  get usedTrailer(): Headers | undefined {
    return this.#responseTrailer;
  }

  /** Settles as the work does, or fails at the deadline, also where the work does not use the signal. May be used again until `end`. */
  withDeadline<T>(work: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#init;
    if (timeoutMs === undefined) return work;
    this.#deadline ??= this.#deadlineIn(timeoutMs);
    return Promise.race([work, this.#deadline]);
  }

  #deadlineIn(timeoutMs: number): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const expire = (): void => {
      this.#finish(this.#expired());
      reject(this.#over?.reason);
    };
    this.#timer = setTimeout(expire, timeoutMs);
    promise.catch(() => undefined); // it may pass while the call waits for nothing
    return promise;
  }

  /** Throws where the deadline has passed, so that no work starts for a caller that has given up. */
  throwIfExpired(): void {
    if (this.#endsAt !== undefined && this.#endsAt <= Date.now()) throw this.#expired();
  }

  /** Ends the call: its signal stops work that still runs. */
  end(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#finish(undefined);
  }

  /** A copy with properties of its own, for interceptors: connect-es copies the context with Object.assign. */
  toPlain(): HandlerContext {
    const { method, service, protocolName, requestMethod, url, timeoutMs, requestHeader, responseHeader, responseTrailer, values, signal } =
      this;
    return { method, service, protocolName, requestMethod, url, timeoutMs, requestHeader, responseHeader, responseTrailer, values, signal };
  }

  #finish(reason: unknown): void {
    this.#over ??= reason === undefined ? OVER : { reason };
    this.#controller?.abort(this.#over.reason);
  }

  #expired(): ConnectError {
    return new ConnectError(`no response within ${this.#init.timeoutMs} ms`, Code.DeadlineExceeded);
  }
}

const OVER = { reason: undefined };

export function openContext(init: CallInit): CallContext {
  return new CallContext(init);
}
