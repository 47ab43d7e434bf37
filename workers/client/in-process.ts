// The Connect transport for a service in the same isolate: its implementation is called as a function, without HTTP.
import { create, type DescMethod, type Message } from "@bufbuild/protobuf";
import { createContextValues, type HandlerContext, type Interceptor, type Transport } from "@connectrpc/connect";
import { runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";
import { type LocalCall, type LocalService, type LocalStream, urlOf } from "../service/in-process/local-call.ts";
import { headersOf, linked, remaining } from "./during.ts";

export interface InProcessOptions {
  /** The call that is being served: the new call gets its remaining time, its signal, its request id, its trace and its caller. */
  readonly during?: HandlerContext;
  /** Timeout of a unary call, ms; less where `during` has less time left; Infinity for none. 15 000 by default. */
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
  /** The third argument of `fetch` of the calling Worker, for work that outlives the response, and for spans. */
  readonly ctx?: LocalCall["platform"];
  /** Who calls, for a service with `identity`: as the `props` of a service binding, `{ caller: "tidegate-orders" }`. None by default. */
  readonly props?: { readonly caller: string };
}

/** A service of `defineService`. */
export interface CoLocated<Env> {
  readonly inProcess: LocalService<Env>;
}

/**
 * A transport for clients of generated code. It is cheap: create one for each call that is served. In plain Node, it serves the tests of a service.
 *
 * ```ts
 * const users = createClient(UserService, inProcess(usersWorker, env, { during: context }));
 * const user = await users.getUser({ id });
 * ```
 *
 * A call is as one over a service binding: with the same limits, deadlines, errors and their details, headers and trailers. Messages are
 * copied, so that neither side sees what the other one changes later; they are encoded only where they are near a limit of the service, or
 * have a value that no encoding would keep. As with every transport of connect-es, a reader that leaves a stream early aborts the signal of its
 * call.
 *
 * @param service what `defineService` returns
 * @param env     of the service: the same object for all calls, because the implementation is made once for each
 */
export function inProcess<Env>({ inProcess: local }: CoLocated<Env>, env: Env, options: InProcessOptions = {}): Transport {
  const { during, timeoutMs = 15_000 } = options;
  const interceptors = [...(options.interceptors ?? [])];
  const platform = platformOf(options);
  const callOf = (method: DescMethod, header: Headers, ms: number | undefined, signal: () => AbortSignal | undefined): LocalCall => ({
    method,
    header,
    timeoutMs: ms,
    platform,
    get signal() {
      return signal(); // making one costs time, and a callee that responds at once needs none
    },
  });
  return {
    async unary(method, signal, callTimeoutMs, header, input, values) {
      const longestMs = Math.min(callTimeoutMs ?? timeoutMs, timeoutMs);
      const ms = remaining(longestMs === Number.POSITIVE_INFINITY ? undefined : longestMs, during);
      const ownHeader = headersOf(header, during, true);
      const common = { stream: false, service: method.parent, method } as const;
      const send = async (message: Message, sent: Headers, callSignal: () => AbortSignal | undefined) => {
        const response = await local.unary(callOf(method, sent, ms, callSignal), message, env);
        return Object.assign(response, common);
      };
      const linkedSignal = () => linked(signal, during);
      // The types of connect-es have the shapes of the messages, which are checked where they are copied.
      if (interceptors.length === 0) return (await send(create(method.input, input), ownHeader, linkedSignal)) as never;
      return runUnaryCall({
        interceptors,
        ...signalOf(linkedSignal()),
        ...(ms !== undefined && { timeoutMs: ms }),
        req: {
          ...common,
          requestMethod: "POST",
          url: urlOf(method),
          header: ownHeader,
          contextValues: values ?? createContextValues(),
          message: input,
        },
        next: (request) => send(request.message, request.header, () => request.signal) as never,
      });
    },
    async stream(method, signal, callTimeoutMs, header, inputs, values) {
      const ms = remaining(callTimeoutMs, during);
      const common = { stream: true, service: method.parent, method } as const;
      return runStreamingCall({
        interceptors,
        ...signalOf(linked(signal, during)),
        ...(ms !== undefined && { timeoutMs: ms }),
        req: {
          ...common,
          requestMethod: "POST",
          url: urlOf(method),
          header: headersOf(header, during, true),
          contextValues: values ?? createContextValues(),
          message: inputs,
        },
        next: async (request) => {
          const call = callOf(method, request.header, ms, () => request.signal);
          const stream: LocalStream = await local.stream(call, request.message, env);
          return Object.assign(stream, common) as never;
        },
      });
    },
  };
}

function signalOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** The platform of the caller, with the `props` of the call in place of its own. */
function platformOf({ ctx, props }: InProcessOptions): LocalCall["platform"] {
  if (ctx === undefined) return props && { props };
  return {
    props,
    get tracing() {
      return ctx.tracing!;
    },
    waitUntil: (work) => ctx.waitUntil?.(work),
  };
}
