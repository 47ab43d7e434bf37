// The Connect transport by which one service calls another: over a service binding, a URL, or a pool of endpoints, as part of the call
// that it serves.
import type { Registry } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, Interceptor, Transport } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { createTransport as createConnectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import { cachedCall, type ResponseCache } from "./cache/cached-call.ts";
import type { CallFacts, Hop } from "./client-call.ts";
import { headersOf, linked, remaining } from "./during.ts";
import { clientOf } from "./http-client.ts";
import { identify } from "./mesh/identify.ts";
import { stoppedBelow } from "./mesh/stopped-below.ts";
import { type VersionOptions, versioned } from "./mesh/versioned.ts";
import type { WorkerIdentity } from "./mesh/worker-identity.ts";
import type { ServicePool } from "./pool/pool-options.ts";
import { unaryCall } from "./unary-client.ts";

export type { ResponseCache } from "./cache/cached-call.ts";
export { type ResponseCacheOptions, responseCache } from "./cache/response-cache.ts";
export type { Hop } from "./client-call.ts";
export { type InProcessOptions, inProcess } from "./in-process.ts";
export type { CanaryOptions } from "./mesh/canary.ts";
export { type MirrorOptions, type ServiceMirror, serviceMirror } from "./mesh/mirror.ts";
export { type WorkerIdentity, workerIdentity } from "./mesh/worker-identity.ts";
export type {
  Fetching,
  PoolBreaker,
  PoolEndpoint,
  PoolHedging,
  PoolRetries,
  PoolRetryBudget,
  ServicePool,
  ServicePoolOptions,
} from "./pool/pool-options.ts";
export { servicePool } from "./pool/service-pool.ts";

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
  readonly json?: { readonly registry?: Registry };
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
export function transportTo(target: Fetcher | string | ServicePool, options: TransportOptions = {}): Transport {
  const { canary: _, mirror: __, ...common } = options;
  return versioned(target, options, (version, during) => transportToOne(version, { ...common, ...(during !== undefined && { during }) }));
}

function transportToOne(target: Fetcher | string | ServicePool, options: TransportOptions): Transport {
  const { during, timeoutMs = 15_000, readMaxBytes = 8 * 1_048_576, interceptors = [], compressions = [] } = options;
  const isGrpcWeb = options.protocol === "grpc_web";
  const create = isGrpcWeb ? createGrpcWebTransport : createConnectTransport;
  const common = {
    baseUrl: typeof target === "string" ? target : "http://service", // a binding uses the path alone
    useBinaryFormat: options.json === undefined,
    jsonOptions: { ignoreUnknownFields: true, ...options.json },
    useHttpGet: options.useGet === true,
    interceptors: [...interceptors],
    acceptCompression: [...compressions],
    sendCompression: options.sendCompression ?? null,
    compressMinBytes: -1, // with `sendCompression`, every message is compressed, also an empty one
    readMaxBytes,
    writeMaxBytes: readMaxBytes,
  };
  /** Whether a unary call needs nothing that only the transports of connect-es have. */
  const isPlain = !isGrpcWeb && interceptors.length === 0 && compressions.length === 0 && options.sendCompression == null;
  const facts: Omit<CallFacts, "method"> = {
    during,
    key: options.key ?? "",
    isGrpcWeb,
    isJson: options.json !== undefined,
    isRaw: compressions.length > 0,
    maxBytes: readMaxBytes,
    prepare: (headers, hop) => prepared(headers, hop, options),
  };
  return {
    async unary(method, signal, callTimeoutMs, header, message, values) {
      const longestMs = Math.min(callTimeoutMs ?? timeoutMs, timeoutMs);
      const ms = remaining(longestMs === Number.POSITIVE_INFINITY ? undefined : longestMs, during);
      const make = () => {
        const client = clientOf(target, { ...facts, method }, ms);
        const ownSignal = linked(signal, during);
        const ownHeader = headersOf(header, during, false);
        const isGet = common.useHttpGet && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
        return isPlain && !isGet
          ? unaryCall(client, common, { method, signal: ownSignal, timeoutMs: ms, header: ownHeader, message })
          : create({ ...common, httpClient: client }).unary(method, ownSignal, ms, ownHeader, message, values);
      };
      const cache = header === undefined && options.prepare === undefined ? options.cache : undefined;
      return stoppedBelow(cachedCall(cache, { target, method, message, during }, make), during);
    },
    async stream(method, signal, callTimeoutMs, header, messages, values) {
      const ms = remaining(callTimeoutMs, during);
      const transport = create({ ...common, httpClient: clientOf(target, { ...facts, method }, ms) });
      return transport.stream(method, linked(signal, during), ms, headersOf(header, during, false), messages, values);
    },
  };
}

/** Writes who makes the call for the endpoint that gets it, which may be another one in a further attempt. */
function prepared(headers: Headers, hop: Hop, { identity, prepare }: TransportOptions): Promise<void> | undefined {
  const signed = identify(headers, hop, identity);
  if (signed === undefined) return prepare?.(headers, hop) ?? undefined;
  return signed.then(() => prepare?.(headers, hop));
}
