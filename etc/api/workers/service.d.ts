import { n as LocalService, r as Platform } from "../shared/local-call.js";
import { t as ViolationList } from "../shared/violation-list.js";
import { r as idempotencyKeyOf, t as IdempotencyKey } from "../shared/idempotency-key.js";
import { DescMessage, DescMethod, DescService, Message, Registry } from "@bufbuild/protobuf";
import { HandlerContext, Interceptor, ServiceImpl, ServiceImplSpec } from "@connectrpc/connect";
import { Compression } from "@connectrpc/connect/protocol";
interface IdempotentMethod {
  /** Whether a call without a key is refused. False by default: it runs as if the method were not listed. */
  readonly required?: boolean;
  /**
   * `store`: the host records responses in Durable Objects, `IdempotencyStore`. An effect happens **at least once**: where the Worker stops
   * between the effect and its record, a repeat runs again. By default.
   *
   * `transaction`: the method itself records the response with `once`, in the transaction of its effect: at most once. The host reads the
   * key, `idempotencyKeyOf(context)`.
   */
  readonly record?: "store" | "transaction";
}
interface IdempotencyOptions {
  /** Unary methods that honor the header `Idempotency-Key`, by their name; by `package.Service/Method` where several services are served. */
  readonly methods: Readonly<Record<string, IdempotentMethod>>;
  /** Binding of the Durable Objects `IdempotencyStore`. "IDEMPOTENCY_STORE" by default. */
  readonly store?: string;
  /** Durable Objects that share the keys, 1 to 1,000; 16 by default. Another number forgets the keys of the last day. */
  readonly shards?: number;
  /** Longest time of a call without a deadline, ms, after which a repeat runs again; one with a deadline has until then. 60 000 by default. */
  readonly leaseMs?: number;
  /** Whether keys without quotes are accepted, which the draft does not allow but many clients send. False by default. */
  readonly acceptUnquoted?: boolean;
}
/** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
type MethodPattern = string;
interface CallRule {
  /** Name of a Worker in `identity.callers`, or of the gateway. */
  readonly from: string;
  /** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
  readonly methods: readonly MethodPattern[];
}
interface IdentityOptions {
  /** Name of the gateway: `auth.identity.name` of its configuration, and `caller` in `props` of its service binding. "tidegate" by default. */
  readonly gateway?: string;
  /**
   * Other Workers that call this one: by name, over a binding whose `props` have this `caller`; or with the keys by which they sign calls
   * over URLs. They pass the caller of their own call on. None by default.
   */
  readonly callers?: readonly (string | TrustedWorker)[];
  /**
   * For calls over a URL: the address of the gateway's keys, `https://gateway.example/.well-known/tidegate/jwks.json`, or the keys themselves
   * as JSON; from the environment of the Worker, or for all environments. Without it, such calls are refused.
   */
  readonly keys?: PublicKeySource;
  /**
   * Which Worker may call which methods; refused with `permission_denied`. A Worker that no rule names may call nothing; the gateway may
   * call everything unless a rule names it. By default every Worker in `callers` may call every method.
   */
  readonly allow?: readonly CallRule[];
  /**
   * The private keys of this Worker, as `tidegate identity new` has made them: their public parts are served at
   * `/.well-known/tidegate/jwks.json`, for the services that this Worker calls over URLs. No route by default.
   */
  readonly publish?: (env: never) => readonly (string | undefined)[];
  /**
   * False: calls that prove nothing are served, too, and `callerOf` is undefined for them. Only for a Worker without a public address. With
   * `allow` they are refused all the same. True by default.
   */
  readonly required?: boolean;
  /** Names by which the gateway and Workers call this Worker. By default the full names of its services. */
  readonly audience?: readonly string[];
}
/** A Worker that signs its calls. */
interface TrustedWorker {
  /** Its name: `workerIdentity(name, keys)` of its calls, and `caller` in `props` of its service binding. */
  readonly name: string;
  /** Where its keys are, as in `identity.keys`. */
  readonly keys: PublicKeySource;
}
type PublicKeySource = string | ((env: never) => string | undefined);
interface FaultRule {
  /** `users.v1.UserService/GetUser`, `users.v1.UserService/*` or `*`. */
  readonly methods: readonly MethodPattern[];
  /** Share of the calls, in (0, 100]. */
  readonly percent: number;
  /** Pause before the call, ms, in [1, 60 000]; it counts within the deadline of the call. */
  readonly delayMs?: number;
  /** Connect code with which the call ends, after the delay if there is one: `unavailable`. */
  readonly code?: string;
}
interface FaultOptions {
  readonly rules: readonly FaultRule[];
  /** Calls of an isolate that may be delayed at the same time; further ones get no fault. 100 by default. */
  readonly maxActive?: number;
  /** The same seed gives the same faults in the same order of calls. Without it they are random. */
  readonly seed?: number;
}
/** The options, or where they are: a function of the environment may return them as JSON text, or undefined for no faults. */
type FaultSource = FaultOptions | ((env: never) => FaultOptions | string | undefined);
interface ServiceOptions {
  /** They run around every call, the first one outermost. */
  readonly interceptors?: readonly Interceptor[];
  /** Size of the largest request message, bytes before compression. 1 MiB by default: a message of that size can cost a second of CPU. */
  readonly readMaxBytes?: number;
  /** How often a compressed request message may be larger than it is sent, beyond 64 KiB. 100 by default; gzip can do 1,030. */
  readonly maxInflation?: number;
  /**
   * Most elements of a request message: fields, including those of nested messages, list items and map entries. They are counted before it
   * is decoded, in messages of at least 4 KiB. 100 000 by default.
   */
  readonly maxMessageElements?: number;
  /**
   * Size of the largest response message, bytes before compression; a larger one is refused with `resource_exhausted`. An error with its
   * details, and the trailers of a call, are at most 64 KiB of it. 16 MiB by default, as much as a gateway accepts by default.
   */
  readonly writeMaxBytes?: number;
  /** Longest timeout, ms: it holds for calls that request a longer one. No bound by default. */
  readonly maxTimeoutMs?: number;
  /**
   * Whether the host serves `grpc.reflection.v1` (and v1alpha) and `grpc.health.v1`, or the limits of reflection: requests in one stream,
   * and the size of a response. By default it does, with 16 requests and 262,144 bytes.
   */
  readonly discovery?: boolean | {
    readonly maxMessages: number;
    readonly maxMessageBytes: number;
  };
  /** What happens to calls above the capacity of the host: nothing, they are logged, or they are refused. "enforce" by default. */
  readonly overload?: "off" | "report" | "enforce";
  /** Largest number of calls in flight in one isolate. 10 000 by default. */
  readonly maxInFlight?: number;
  /** Largest number of open streams in one isolate; a stream counts until its response has ended. 5 000 by default. */
  readonly maxStreams?: number;
  /**
   * Whether calls are counted for the gateway's `/metrics`. Only where the environment binds the Durable Object class `Relay` of the gateway as
   * `RELAY`. True by default.
   */
  readonly metrics?: boolean;
  /** Whether each call has a span in the platform's traces. Each one costs about 30 µs of CPU time. False by default. */
  readonly spans?: boolean;
  /** The types that a google.protobuf.Any may contain where it is read or written as JSON. */
  readonly registry?: Registry;
  /**
   * Admits only calls that have come through the gateway, or from a Worker that is listed, and proves who makes them: `callerOf(context)`.
   * Needed where the Worker has a public address. Off by default.
   */
  readonly identity?: IdentityOptions;
  /** Methods that may be repeated with the same `Idempotency-Key`: the effect is not repeated, the response is. None by default. */
  readonly idempotency?: IdempotencyOptions;
  /** Services that a call may have been through before this one; a longer chain is refused as a circle. 16 by default. */
  readonly maxDepth?: number;
  /** Delays and errors for a share of the calls, to test what callers do then; may come from the environment, as JSON text. None by default. */
  readonly faults?: FaultSource;
}
interface ServiceCaller {
  /** `anonymous` came through the gateway without a credential. */
  readonly kind: string;
  /** Unique among all callers: `https://issuer.example#subject`, `key:...`. Empty for `anonymous`. At most 2,048 characters. */
  readonly id: string;
  readonly scopes: readonly string[];
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly owner: string | undefined;
  readonly plan: string | undefined;
  /** Claims of the caller's token that `auth.identity.claims` of the gateway lists. */
  readonly claims: Readonly<Record<string, unknown>>;
}
/** The gateway or the Worker that has sent the call. */
interface CallingService {
  /** As in `identity.gateway` and `identity.callers`. */
  readonly name: string;
  /** Workers that the call came through before, the latest first, at most 15. `name` states them; nothing else proves them. */
  readonly before: readonly string[];
}
/**
 * Who makes the call. Only for services with the option `identity`: without it nothing is proven.
 *
 * @returns undefined where the service has no `identity`
 */
export declare function callerOf({ values }: Pick<HandlerContext, "values">): ServiceCaller | undefined;
/**
 * Which Worker, or which gateway, has sent the call: by the `props` of its service binding, or by its signature.
 *
 * @returns undefined where the service has no `identity`, and for calls that prove nothing (`required: false`)
 */
export declare function callingServiceOf({ values }: Pick<HandlerContext, "values">): CallingService | undefined;
/** Whether the served call is itself a further attempt: what it calls is called once. */
export declare function isRetryOfCaller({ requestHeader }: Pick<HandlerContext, "requestHeader">): boolean;
/** A call that the served call depends on has failed after all its retries: if the served call fails, too, its callers do not repeat it. */
export declare function stopRetriesAbove({ values }: Pick<HandlerContext, "values">): void;
/** A Worker's default export. */
export interface ServiceWorker<Env> {
  /** @param ctx of the platform: the context of a Worker, or of a Durable Object; in Node there is none */
  fetch(request: Request, env: Env, ctx?: Platform): Promise<Response>;
  /** For `inProcess` of `tidegate/client`: calls from the same isolate, without HTTP. */
  readonly inProcess: LocalService<Env>;
  /** Whether only proven callers are served: `npm run check` reads it for Workers with a public address. */
  readonly verifiesIdentity: boolean;
}
/**
 * Serves one proto service as a Worker: Connect (JSON and binary; GET for methods without side effects; streams) and gRPC-Web.
 *
 * ```ts
 * // workers/services/greetings/index.ts
 * import { Code, ConnectError } from "@connectrpc/connect";
 * import { GreetService } from "../../../protos/gen/greetings/v1/greetings_pb.ts";
 * import { defineService } from "../../service.ts";
 *
 * interface Env {
 *   readonly GREETING: string;
 * }
 *
 * export default defineService(GreetService, (env: Env) => ({
 *   greet({ name }, context) {
 *     if (name === "") throw new ConnectError("name is empty", Code.InvalidArgument);
 *     context.responseHeader.set("Cache-Control", "max-age=60");
 *     return { text: `${env.GREETING}, ${name}` };
 *   },
 *   async *greetOften({ name, times }) {
 *     for (let n = 1; n <= times; n++) yield { text: `${env.GREETING}, ${name}, ${n}` };
 *   },
 * }));
 * ```
 *
 * A thrown `ConnectError` reaches the caller as it is. Anything else is logged with its stack, and the caller gets `internal` without its
 * text; a Durable Object that can't be reached is `unavailable`. A call ends at its deadline, whatever the implementation waits for;
 * `context.signal` is aborted then. Methods that are left out are `unimplemented`.
 *
 * @param implement called once per isolate (once for each `env`): keep no state of a single call in it
 */
export declare function defineService<S extends DescService, Env>(schema: S, implement: (env: Env) => Partial<ServiceImpl<S>>, options?: ServiceOptions): ServiceWorker<Env>;
/**
 * As `defineService`, for a Worker that serves several services:
 * `defineServices((env: Env) => [implementation(A, a(env)), implementation(B, b(env))])`.
 */
export declare function defineServices<Env>(implement: (env: Env) => readonly ServiceImplSpec[], options?: ServiceOptions): ServiceWorker<Env>;
/** One service with its implementation, for `defineServices`. */
export declare function implementation<S extends DescService>(schema: S, methods: Partial<ServiceImpl<S>>): ServiceImplSpec;
export { type CallingService, type IdempotencyKey, type IdempotencyOptions, type IdempotentMethod, type ServiceCaller, type ServiceOptions, ViolationList, idempotencyKeyOf };