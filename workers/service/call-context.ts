// The context of one unary call. That of connect-es creates two abort controllers and three sets of headers, which is half the CPU time
// of a call; most implementations use none of them. This one creates them on first use.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";

export interface CallContext extends HandlerContext {
  /** Settles as the work does, or fails at the deadline, also where the work does not use the signal. */
  withDeadline<T>(work: Promise<T>): Promise<T>;
  /** Throws where the deadline has passed, so that no work starts for a caller that has given up. */
  throwIfExpired(): void;
  /** Ends the call: its signal stops work that still runs. */
  end(): void;
}

export interface CallInit {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly request: Request;
  readonly timeoutMs: number | undefined; // 0: the deadline has passed
  readonly contentType: string; // content type of the response
  readonly trailer: Readonly<Record<string, string>>;
}

export function openContext({ method, protocolName, request, timeoutMs, contentType, trailer }: CallInit): CallContext {
  const endsAt = timeoutMs === undefined ? undefined : Math.trunc(Date.now() + timeoutMs); // gRPC has timeouts in nanoseconds, too
  let over: { readonly reason: unknown } | undefined;
  let controller: AbortController | undefined;
  let signal: AbortSignal | undefined;
  let requestHeader: Headers | undefined;
  let values: ContextValues | undefined;

  const finish = (reason: unknown): void => {
    over ??= { reason };
    controller?.abort(over.reason);
  };
  const expired = () => new ConnectError(`no response within ${timeoutMs} ms`, Code.DeadlineExceeded);
  // Own accessors, not those of a class: connect-es hands interceptors a copy made with Object.assign.
  return {
    method,
    service: method.parent,
    protocolName,
    requestMethod: request.method,
    url: request.url,
    responseHeader: new Headers({ "Content-Type": contentType }),
    responseTrailer: new Headers(trailer),
    timeoutMs: () => (endsAt === undefined ? undefined : endsAt - Date.now()),
    get requestHeader() {
      requestHeader ??= new Headers(request.headers);
      return requestHeader;
    },
    get values() {
      values ??= createContextValues();
      return values;
    },
    get signal() {
      if (signal !== undefined) return signal;
      controller = new AbortController();
      if (over !== undefined) controller.abort(over.reason);
      signal = AbortSignal.any([controller.signal, request.signal]);
      return signal;
    },
    withDeadline<T>(work: Promise<T>): Promise<T> {
      if (timeoutMs === undefined) return work;
      const deadline = Promise.withResolvers<never>();
      const expire = (): void => {
        finish(expired());
        deadline.reject(over?.reason);
      };
      const timer = setTimeout(expire, timeoutMs);
      return Promise.race([work, deadline.promise]).finally(() => clearTimeout(timer));
    },
    throwIfExpired() {
      if (endsAt !== undefined && endsAt <= Date.now()) throw expired();
    },
    end: () => finish(undefined),
  };
}
