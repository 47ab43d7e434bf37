// The context of one unary call. connect-es' own makes two abort controllers and three sets of headers, half of what a call costs;
// most implementations look at none of them. This one makes them when they are asked for.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";

export interface CallContext extends HandlerContext {
  /** Settles as the work does, or fails at the deadline: it holds for those, too, who don't look at the signal. */
  bounded<T>(work: Promise<T>): Promise<T>;
  /** Throws where the deadline has passed, so that nothing is begun that nobody waits for. */
  throwIfLate(): void;
  /** The call is over: whatever still works for it may stop. */
  end(): void;
}

export interface CallInit {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly request: Request;
  readonly timeoutMs: number | undefined; // 0: too late already
  readonly contentType: string; // of the answer
  readonly trailer: Readonly<Record<string, string>>;
}

export function openContext({ method, protocolName, request, timeoutMs, contentType, trailer }: CallInit): CallContext {
  const endsAt = timeoutMs === undefined ? undefined : Math.trunc(Date.now() + timeoutMs); // gRPC counts in nanoseconds, too
  let over: { readonly reason: unknown } | undefined;
  let controller: AbortController | undefined;
  let signal: AbortSignal | undefined;
  let requestHeader: Headers | undefined;
  let values: ContextValues | undefined;

  const finish = (reason: unknown): void => {
    over ??= { reason };
    controller?.abort(over.reason);
  };
  const tooLate = () => new ConnectError(`no answer within ${timeoutMs} ms`, Code.DeadlineExceeded);
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
    bounded<T>(work: Promise<T>): Promise<T> {
      if (timeoutMs === undefined) return work;
      const late = Promise.withResolvers<never>();
      const expire = (): void => {
        finish(tooLate());
        late.reject(over?.reason);
      };
      const timer = setTimeout(expire, timeoutMs);
      return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
    },
    throwIfLate() {
      if (endsAt !== undefined && endsAt <= Date.now()) throw tooLate();
    },
    end: () => finish(undefined),
  };
}
