import { n as BreakerView } from "../../shared/report.js";
import "../../shared/issuers.js";
import { t as BalancerName } from "../../shared/upstream.js";
import { n as LocalService, t as LocalCall } from "../../shared/local-call.js";
import { DescMessage, DescMethod, DescMethodUnary, MessageInitShape, Registry } from "@bufbuild/protobuf";
import { HandlerContext, Interceptor, Transport } from "@connectrpc/connect";
import { Compression } from "@connectrpc/connect/protocol";
/** Responses in this isolate. Make it once, not for each call. */
interface ResponseCache {
  readonly size: number;
  readonly bytes: number;
  /** Forgets all responses. */
  clear(): void;
}
/** Where an attempt of a call is about to be sent. */
interface Hop {
  readonly service: string;
  readonly method: string;
  readonly isBinding: boolean;
  readonly during: HandlerContext | undefined;
}
interface CanaryOptions<T> {
  /** Where the canary is: a service binding, a URL, or a pool. */
  readonly target: T;
  /** Share of the keys, in [0, 100], to hundredths. */
  readonly percent: number;
  /**
   * Calls of one key get one version, on each isolate. By default the caller (`callerOf`); where none is proven, the request id, so that all
   * calls of one request get one version; without that, each transport draws one.
   */
  readonly key?: string;
}
interface MirrorOptions {
  /** Lets a copy go on after the response of the call: `waitUntil` of `cloudflare:workers`; in Node, a function that does nothing. */
  waitUntil(work: Promise<unknown>): void;
  /** Share of the calls, in [0, 100]. 100 by default. */
  readonly percent?: number;
  /** Copies of an isolate in flight; further calls get none. 50 by default. */
  readonly maxInFlight?: number;
  /** Time of a copy, ms. 15 000 by default; on Workers it ends 30 s after the response of the call, whatever this says. */
  readonly timeoutMs?: number;
  /** True: methods with side effects are copied, too, and happen twice where both versions share their storage. False by default. */
  readonly writes?: boolean;
}
/** A mirror of an isolate, with the number of its copies. */
interface ServiceMirror<T> {
  readonly target: T;
  /** Sends a copy, or none. Never throws. @param to makes a transport for a served call that has ended, perhaps */
  copy<I extends DescMessage, O extends DescMessage>(call: MirroredCall<I, O>, to: (target: T, during: HandlerContext | undefined) => Transport): void;
}
interface MirroredCall<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly header: HeadersInit | undefined;
  readonly message: MessageInitShape<I>;
  readonly during: HandlerContext | undefined;
}
/**
 * A mirror for `transportTo(target, { mirror })`: unary calls are copied to it. Create it once for each isolate.
 *
 * ```ts
 * import { waitUntil } from "cloudflare:workers";
 * const mirror = serviceMirror(env.USERS_NEXT, { percent: 5, waitUntil });
 * ```
 *
 * A copy has the headers of its call, `x-tidegate-mirror: 1`, and no part in its deadline. Copies that fail are logged (`mirror_failed`).
 *
 * @throws Error for bounds that are none
 */
export declare function serviceMirror<T>(target: T, options: MirrorOptions): ServiceMirror<T>;
interface VersionOptions<T> {
  readonly during?: HandlerContext;
  /** Another version that gets a share of the calls, stable by caller. */
  readonly canary?: CanaryOptions<T>;
  /** Another version that gets copies of unary calls; what it responds is discarded. Made by `serviceMirror`, once for each isolate. */
  readonly mirror?: ServiceMirror<T>;
}
/** Identity of a Worker, with its signatures: one for each isolate. */
interface WorkerIdentity {
  readonly name: string;
  /**
   * The value of the header `tidegate-identity` for one call. A promise only where it has to be signed, which waits for nothing outside the isolate.
   *
   * @param during   the served call, whose caller is stated; without it the call has no caller
   * @param audience full name of the called service
   * @param now      epoch ms
   */
  tokenFor(during: HandlerContext | undefined, audience: string, now: number): string | Promise<string>;
}
/**
 * The identity of this Worker, for `transportTo(url, { during: context, identity })`. Create it once for each isolate.
 *
 * ```ts
 * export default defineService(OrderService, (env: Env) => {
 *   const identity = workerIdentity("tidegate-orders", [env.IDENTITY_KEY_A, env.IDENTITY_KEY_B]);
 *   return orders(env.ORDER_STORE, (during) => createClient(UserService, transportTo(env.USERS_URL, { during, identity })));
 * });
 * ```
 *
 * @param name    as the called services list it in `identity.callers`; 1 to 256 characters
 * @param secrets keys of `tidegate identity new --worker FOLDER`: one, or two while they are rotated
 * @throws Error where the first one is missing, or one is no key
 */
export declare function workerIdentity(name: string, secrets: readonly (string | undefined)[]): WorkerIdentity;
interface ShownBreaker {
  readonly local: "closed" | "open" | "half_open";
  readonly shared: BreakerView["kind"];
  readonly override: "open" | "closed" | undefined;
}
interface EndpointView {
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly isDraining: boolean;
  readonly isHealthy: boolean;
  readonly inFlight: number;
  readonly latencyMs: number;
  readonly keyShare: number;
  readonly breaker: ShownBreaker;
}
/** Whether an upstream takes calls, as far as this isolate knows. */
type ServingStatus = "serving" | "not_serving" | "unknown";
/** Anything that responds to requests: a service binding, or a service in the same process. */
interface Fetching {
  fetch(url: string, init: RequestInit): Promise<Response>;
}
/** One endpoint of a service, with its share of the calls. */
interface PoolEndpoint {
  /** A service binding, or a base URL: `https://users.example.com`. */
  readonly target: Fetching | string;
  /** Its name in errors and views; its URL, or `endpoint-1` and so on, by default. */
  readonly id?: string;
  /** Share of the calls, 1 to 1,000. 1 by default. */
  readonly weight?: number;
  /** Endpoints of a higher number are used while none of a lower one is left, 0 to 15. 0 by default. */
  readonly priority?: number;
}
/** Further attempts of unary calls that fail: by their code, and by the idempotency level of the method. */
interface PoolRetries {
  /** Retries beside the first attempt, 0 to 10. 5 by default. */
  readonly max?: number;
  /** Upper bound of the random pause before the first retry, ms; it doubles with each retry. 100 by default. */
  readonly baseMs?: number;
  /** Upper bound of every pause, ms. 10,000 by default. */
  readonly maxMs?: number;
  /** Time for one attempt, ms; the time left for the call by default. */
  readonly perAttemptMs?: number;
  /** Connect codes that are retried. `["unavailable"]` by default. */
  readonly codes?: readonly string[];
}
/** What pays for retries and hedged attempts, of all methods in this isolate. */
interface PoolRetryBudget {
  /** Share of the calls, 0 to 100 %. 10 by default. */
  readonly percent?: number;
  /** Attempts per second at any traffic, 0 to 1,000. 3 by default. */
  readonly minPerSecond?: number;
}
/** Second attempts of slow calls without side effects, at another endpoint. */
interface PoolHedging {
  /** Largest share of the calls that get one, 1 to 10 %. 2 by default. */
  readonly percent?: number;
  /** Quantile of the response times after which one may start, 0.5 to 0.999. 0.95 by default. */
  readonly quantile?: number;
  /** Shortest time after which one may start, ms. 5 by default. */
  readonly minMs?: number;
}
/** The circuit breaker of each endpoint, by what this isolate sees. */
interface PoolBreaker {
  /** Failures in a row that open it, 1 to 1,000. 5 by default. */
  readonly consecutive?: number;
  /** Share of failed calls in the last 10 s that opens it, 1 to 100 %. 50 by default. */
  readonly failurePercent?: number;
  /** Calls in the last 10 s that are needed before shares are judged. 20 by default. */
  readonly minCalls?: number;
  /** How long it stays open at first, 100 to 60,000 ms; each failed probe doubles it. 5,000 by default. */
  readonly openMs?: number;
  /** Share of the endpoints that may be left out, 0 to 100 %; while more are open, but not all, every endpoint is called. 70 by default. */
  readonly maxOpenPercent?: number;
}
interface ServicePoolOptions {
  /** Name of the service, in errors: `users`. */
  readonly name: string;
  /** Where the service runs, 1 to 1,000 endpoints: service bindings, base URLs, or either with its share. */
  readonly endpoints: readonly (Fetching | string | PoolEndpoint)[];
  /** How an endpoint is chosen. `least_time` by default. Balancers that hash need the option `key` of each transport. */
  readonly balancer?: BalancerName;
  /** False for none. */
  readonly retries?: PoolRetries | false;
  readonly retryBudget?: PoolRetryBudget;
  /** None by default. */
  readonly hedging?: PoolHedging;
  /** False for none. */
  readonly breaker?: PoolBreaker | false;
  /** Whether calls are held back from a service that refuses most of them, and shed levels of hosts are honored. True by default. */
  readonly throttle?: boolean;
  /** Calls in flight at one endpoint, 1 to 10,000. 500 by default. */
  readonly maxConcurrent?: number;
  /** Calls that wait while every endpoint is full, 0 to 10,000; further calls are refused at once. 100 by default. */
  readonly maxQueued?: number;
  /** Longest wait of such a call, 1 to 60,000 ms. 1,000 by default. */
  readonly queueMs?: number;
}
/**
 * The endpoints of one service. It holds what this isolate has learned of them: latencies, breakers, the retry budget. So make it once, not
 * for each call; it holds nothing of a call that has ended. No isolate shares it with another one.
 */
interface ServicePool {
  readonly name: string;
  /** The endpoints as this isolate sees them: calls in flight, latency, breaker. */
  view(): readonly EndpointView[];
  /** Whether some endpoint takes calls. */
  status(): ServingStatus;
}
interface ResponseCacheOptions {
  /** Lifetime of a response whose service states none (`Cache-Control`), ms, 0 to 86,400,000. 0 by default: such a response is not kept. */
  readonly ttlMs?: number;
  /** Memory for responses and their keys, bytes, 65,536 to 67,108,864. 8 MiB by default. */
  readonly maxBytes?: number;
  /** Whether all callers share a response. By default each proven caller has its own: the service may respond to it alone. */
  readonly shared?: boolean;
}
/**
 * A cache for `transportTo(target, { cache })`.
 *
 * ```ts
 * const cache = responseCache({ ttlMs: 5_000 }); // one for each isolate
 * const users = createClient(UserService, transportTo(env.USERS, { during: context, cache }));
 * ```
 *
 * @throws RangeError for an option that is out of its bounds
 */
export declare function responseCache(options?: ResponseCacheOptions): ResponseCache;
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
/**
 * The endpoints of a service, for `transportTo`. Create it once for each isolate: at the top of a module, or where a service is defined.
 *
 * ```ts
 * const users = servicePool({ name: "users", endpoints: [env.USERS, "https://users.example.com"] });
 * // in each call that is served
 * const client = createClient(UserService, transportTo(users, { during: context }));
 * ```
 *
 * @throws Error that names an option with a wrong value
 */
export declare function servicePool(options: ServicePoolOptions): ServicePool;
export interface TransportOptions extends VersionOptions<Fetcher | string | ServicePool> {
  /** The call that is being served: the new call gets its remaining time, its signal, its request id and its trace; over a binding, its caller, too. */
  readonly during?: HandlerContext;
  /** Signs calls to URLs: the caller of the served call, and this Worker as the one that acts for it. Without it, they name nobody. */
  readonly identity?: WorkerIdentity;
  /** Timeout of a unary call, ms, all its attempts together; less where `during` has less time left; Infinity for none. 15 000 by default. */
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
  /** Accepted compressions, in Workers. None by default: between Workers it saves nothing, and over a network the platform compresses. */
  readonly compressions?: readonly Compression[];
  /** Compression of requests, one of `compressions`. None by default. */
  readonly sendCompression?: Compression | null;
  /** Key by which a pool whose balancer hashes chooses the endpoint: calls of one key go to one endpoint. Empty by default. */
  readonly key?: string;
  /**
   * Keeps responses of methods without side effects: interceptors do not see a call that has one. Calls with headers of their own, and those of a
   * transport with `prepare`, are always made.
   */
  readonly cache?: ResponseCache;
  /**
   * Writes headers on each request, after those of the served call: once for each attempt, since another endpoint may get it. What it
   * throws ends the call.
   */
  readonly prepare?: (headers: Headers, hop: Hop) => Promise<void> | void;
}
/**
 * A transport for clients of generated code. It is cheap: create one for each call that is served.
 *
 * ```ts
 * const users = createClient(UserService, transportTo(env.USERS, { during: context }));
 * const user = await users.getUser({ id });
 * ```
 *
 * A service that can't be reached is `unavailable`; so is one that responds with an HTTP redirect, which is not followed. To a pool, unary
 * calls that may be repeated are, within their timeout and the budget of the pool.
 *
 * @param target a service binding, the base URL of the service, `https://users.example.com`, or a `servicePool`
 */
export declare function transportTo(target: Fetcher | string | ServicePool, options?: TransportOptions): Transport;
export type { CanaryOptions, Fetching, Hop, InProcessOptions, MirrorOptions, PoolBreaker, PoolEndpoint, PoolHedging, PoolRetries, PoolRetryBudget, ResponseCache, ResponseCacheOptions, ServiceMirror, ServicePool, ServicePoolOptions, WorkerIdentity };