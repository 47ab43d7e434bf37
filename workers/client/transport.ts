// How one service calls another: a Connect transport over a service binding or a URL, which carries on the call it is made for.
import type { Registry } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type Interceptor, type Transport } from "@connectrpc/connect";
import { type Compression, createFetchClient } from "@connectrpc/connect/protocol";
import { createTransport as createConnectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import { timeoutForNextHop } from "../../core/deadline.ts";

export interface TransportOptions {
  /** The call that this one is made for: its remaining time, its end and its trace become those of the new call. */
  readonly during?: HandlerContext;
  /** How long to wait for the answer of a unary call, ms; less where the call it is made for has less left; Infinity for no end. 15 000 by default. */
  readonly timeoutMs?: number;
  /** Largest message of an answer, bytes. 8 MiB by default. */
  readonly readMaxBytes?: number;
  readonly interceptors?: readonly Interceptor[];
  /** What the service speaks. "connect" by default. */
  readonly protocol?: "connect" | "grpc_web";
  /** Messages as JSON, for services that read nothing else, and the types that an Any in them may hold. Binary by default. */
  readonly json?: { readonly registry?: Registry };
  /** Calls methods without side effects with GET, so that caches may answer; Connect alone. False by default. */
  readonly useGet?: boolean;
  /** How messages may be compressed. Not at all by default: between Workers there is nothing to save, over a network the platform does. */
  readonly compressions?: readonly Compression[];
  /** Compresses what is sent, with one of `compressions`. */
  readonly sendCompression?: Compression | null;
}

/** Tell the two calls apart in a log, and find one from the other. */
const CARRIED_ON = ["x-request-id", "traceparent", "tracestate"];

/**
 * A transport for clients made of generated code. It costs next to nothing to make: make one for each call that you answer.
 *
 * ```ts
 * const users = createClient(UserService, transportTo(env.USERS, { during: context }));
 * const user = await users.getUser({ id });
 * ```
 *
 * Who can't be reached is `unavailable`; so is one who answers with a redirect, which could lead anywhere.
 *
 * @param target a service binding, or the URL below which the service answers, `https://users.example.com`
 */
export function transportTo(target: Fetcher | string, options: TransportOptions = {}): Transport {
  const { during, timeoutMs = 15_000, readMaxBytes = 8 * 1_048_576, interceptors = [], compressions = [] } = options;
  const create = options.protocol === "grpc_web" ? createGrpcWebTransport : createConnectTransport;
  const isRaw = compressions.length > 0;
  const transport = create({
    baseUrl: typeof target === "string" ? target : "http://service", // a binding looks at the path alone
    httpClient: createFetchClient((request) => send(target, request as Request, isRaw)),
    useBinaryFormat: options.json === undefined,
    jsonOptions: { ignoreUnknownFields: true, ...options.json },
    useHttpGet: options.useGet === true,
    interceptors: [...interceptors],
    acceptCompression: [...compressions],
    sendCompression: options.sendCompression ?? null,
    compressMinBytes: -1, // whoever asks for compression gets it, for the empty message, too
    readMaxBytes,
    writeMaxBytes: readMaxBytes,
  });
  return {
    async unary(method, signal, ownMs, header, message, values) {
      const longestMs = Math.min(ownMs ?? timeoutMs, timeoutMs);
      const ms = remaining(longestMs === Number.POSITIVE_INFINITY ? undefined : longestMs, during);
      return transport.unary(method, linked(signal, during), ms, carriedOn(header, during), message, values);
    },
    async stream(method, signal, ownMs, header, messages, values) {
      return transport.stream(method, linked(signal, during), remaining(ownMs, during), carriedOn(header, during), messages, values);
    },
  };
}

/** The shorter of two times, or none; refuses at once what could only come too late. */
function remaining(ownMs: number | undefined, during: HandlerContext | undefined): number | undefined {
  const leftMs = during?.timeoutMs();
  if (leftMs === undefined) return ownMs;
  // connect-es takes a timeout of 0 for none.
  if (leftMs <= 0) throw new ConnectError("no time is left for another call", Code.DeadlineExceeded);
  return Math.min(ownMs ?? leftMs, timeoutForNextHop(leftMs));
}

function linked(signal: AbortSignal | undefined, during: HandlerContext | undefined): AbortSignal | undefined {
  if (during === undefined || signal === undefined) return signal ?? during?.signal;
  return AbortSignal.any([signal, during.signal]);
}

function carriedOn(own: HeadersInit | undefined, during: HandlerContext | undefined): Headers {
  const header = new Headers(own);
  for (const name of CARRIED_ON) {
    const value = during?.requestHeader.get(name) ?? null;
    if (value !== null && !header.has(name)) header.set(name, value);
  }
  return header;
}

/** @param isRaw bytes are handed on as they came, for the transport to unpack; else the platform does that */
async function send(target: Fetcher | string, request: Request, isRaw: boolean): Promise<Response> {
  const init: RequestInit = isRaw ? { redirect: "manual", encodeResponseBody: "manual" } : { redirect: "manual" };
  const answer = typeof target === "string" ? fetch(request, init) : target.fetch(request, init);
  const response = await answer.catch((reason: unknown) => {
    if (request.signal.aborted) throw reason;
    throw new ConnectError("service can't be reached", Code.Unavailable, undefined, undefined, reason);
  });
  if (response.status >= 300 && response.status < 400 && response.status !== 304) {
    await response.body?.cancel();
    throw new ConnectError(`service answered with a redirect (${response.status})`, Code.Unavailable);
  }
  // On the public network a 504 can lose its body; Connect would then read `unavailable`, which invites to try again.
  const isTimed = request.headers.has("connect-timeout-ms") || request.headers.has("grpc-timeout");
  if (isTimed && response.status === 504 && response.headers.get("content-type")?.startsWith("application/json") !== true) {
    await response.body?.cancel();
    throw new ConnectError("service did not answer in time", Code.DeadlineExceeded);
  }
  return !isRaw && response.headers.has("content-encoding") ? decoded(response) : response;
}

/** The platform has unpacked the body, but its headers still speak of the packed one. */
function decoded(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(response.body, { status: response.status, headers });
}
