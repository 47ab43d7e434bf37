import { n as LocalService, t as LocalCall } from "../../shared/local-call.js";
import { Registry } from "@bufbuild/protobuf";
import { HandlerContext, Interceptor, Transport } from "@connectrpc/connect";
import { Compression } from "@connectrpc/connect/protocol";
interface InProcessOptions {
  /** The call that is being served: the new call gets its remaining time, its signal, its request id, its trace and its caller. */
  readonly during?: HandlerContext;
  /** Timeout of a unary call, ms; less where `during` has less time left; Infinity for none. 15 000 by default. */
  readonly timeoutMs?: number;
  readonly interceptors?: readonly Interceptor[];
  /** The third argument of `fetch` of the calling Worker, for work that outlives the response, and for spans. */
  readonly ctx?: LocalCall["platform"];
  /** Who calls, for a service with `identity`: as the `props` of a service binding, `{ caller: "tidegate-orders" }`. None by default. */
  readonly props?: {
    readonly caller: string;
  };
}
/** A service of `defineService`. */
interface CoLocated<Env> {
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
export declare function inProcess<Env>({ inProcess: local }: CoLocated<Env>, env: Env, options?: InProcessOptions): Transport;
export interface TransportOptions {
  /** The call that is being served: the new call gets its remaining time, its signal, its request id and its trace; over a binding, its caller, too. */
  readonly during?: HandlerContext;
  /** Timeout of a unary call, ms; less where `during` has less time left; Infinity for none. 15 000 by default. */
  readonly timeoutMs?: number;
  /** Size of the largest response message, bytes. 8 MiB by default. */
  readonly readMaxBytes?: number;
  readonly interceptors?: readonly Interceptor[];
  /** Protocol of the service. "connect" by default. */
  readonly protocol?: "connect" | "grpc_web";
  /** Sends JSON, for services that read nothing else; `registry` has the types that an Any may contain. Binary by default. */
  readonly json?: {
    readonly registry?: Registry;
  };
  /** Calls methods without side effects with GET, so that caches can respond; only with Connect. False by default. */
  readonly useGet?: boolean;
  /** Accepted compressions. None by default: between Workers it saves nothing, and over a network the platform compresses. */
  readonly compressions?: readonly Compression[];
  /** Compression of requests, one of `compressions`. None by default. */
  readonly sendCompression?: Compression | null;
}
/**
 * A transport for clients of generated code. It is cheap: create one for each call that is served.
 *
 * ```ts
 * const users = createClient(UserService, transportTo(env.USERS, { during: context }));
 * const user = await users.getUser({ id });
 * ```
 *
 * A service that can't be reached is `unavailable`; so is one that responds with an HTTP redirect, which is not followed.
 *
 * @param target a service binding, or the base URL of the service, `https://users.example.com`
 */
export declare function transportTo(target: Fetcher | string, options?: TransportOptions): Transport;
export type { InProcessOptions };