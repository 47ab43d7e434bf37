// The Connect transport by which one service calls another, over a service binding or a URL, as part of the call that it serves.
import type { Registry } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type Interceptor, type Transport } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { createTransport as createConnectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import { headersOf, linked, remaining } from "./during.ts";
import { streamClient } from "./stream-client.ts";

export { type InProcessOptions, inProcess } from "./in-process.ts";

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
  readonly json?: { readonly registry?: Registry };
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
export function transportTo(target: Fetcher | string, options: TransportOptions = {}): Transport {
  const { during, timeoutMs = 15_000, readMaxBytes = 8 * 1_048_576, interceptors = [], compressions = [] } = options;
  const create = options.protocol === "grpc_web" ? createGrpcWebTransport : createConnectTransport;
  const isRaw = compressions.length > 0;
  const transport = create({
    baseUrl: typeof target === "string" ? target : "http://service", // a binding uses the path alone
    httpClient: streamClient((request) => send(target, request, isRaw)),
    useBinaryFormat: options.json === undefined,
    jsonOptions: { ignoreUnknownFields: true, ...options.json },
    useHttpGet: options.useGet === true,
    interceptors: [...interceptors],
    acceptCompression: [...compressions],
    sendCompression: options.sendCompression ?? null,
    compressMinBytes: -1, // with `sendCompression`, every message is compressed, also an empty one
    readMaxBytes,
    writeMaxBytes: readMaxBytes,
  });
  return {
    async unary(method, signal, callTimeoutMs, header, message, values) {
      const longestMs = Math.min(callTimeoutMs ?? timeoutMs, timeoutMs);
      const ms = remaining(longestMs === Number.POSITIVE_INFINITY ? undefined : longestMs, during);
      return transport.unary(method, linked(signal, during), ms, headersOf(header, during, typeof target !== "string"), message, values);
    },
    async stream(method, signal, callTimeoutMs, header, messages, values) {
      return transport.stream(
        method,
        linked(signal, during),
        remaining(callTimeoutMs, during),
        headersOf(header, during, typeof target !== "string"),
        messages,
        values,
      );
    },
  };
}

/** @param isRaw the transport decompresses the body; otherwise the platform does */
async function send(target: Fetcher | string, request: Request, isRaw: boolean): Promise<Response> {
  const init: RequestInit = isRaw ? { redirect: "manual", encodeResponseBody: "manual" } : { redirect: "manual" };
  const sent = typeof target === "string" ? fetch(request, init) : target.fetch(request, init);
  const response = await sent.catch((reason: unknown) => {
    if (request.signal.aborted) throw reason;
    throw new ConnectError("service can't be reached", Code.Unavailable, undefined, undefined, reason);
  });
  if (response.status >= 300 && response.status < 400 && response.status !== 304) {
    await response.body?.cancel();
    throw new ConnectError(`service responded with a redirect (${response.status})`, Code.Unavailable);
  }
  // On the public network a 504 can lose its body; Connect would then read `unavailable`, which invites another attempt.
  const isTimed = request.headers.has("connect-timeout-ms") || request.headers.has("grpc-timeout");
  if (isTimed && response.status === 504 && response.headers.get("content-type")?.startsWith("application/json") !== true) {
    await response.body?.cancel();
    throw new ConnectError("service did not respond in time", Code.DeadlineExceeded);
  }
  return !isRaw && response.headers.has("content-encoding") ? decoded(response) : response;
}

/** The platform has decompressed the body, but its headers still describe the compressed one. */
function decoded(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(response.body, { status: response.status, headers });
}
