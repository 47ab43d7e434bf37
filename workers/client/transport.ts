// How one service calls another: a Connect transport over a service binding or a URL, which carries on the call it is made for.
import { Code, ConnectError, type HandlerContext, type Interceptor, type Transport } from "@connectrpc/connect";
import { createFetchClient } from "@connectrpc/connect/protocol";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import { timeoutForNextHop } from "../../core/deadline.ts";

export interface TransportOptions {
  /** The call that this one is made for: its remaining time, its end and its trace become those of the new call. */
  readonly during?: HandlerContext;
  /** How long to wait for the answer of a unary call, ms; less where the call it is made for has less left. 15 000 by default. */
  readonly timeoutMs?: number;
  /** Largest message of an answer, bytes. 8 MiB by default. */
  readonly readMaxBytes?: number;
  readonly interceptors?: readonly Interceptor[];
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
  const { during, timeoutMs = 15_000, readMaxBytes = 8 * 1_048_576, interceptors = [] } = options;
  const transport = createTransport({
    baseUrl: typeof target === "string" ? target : "http://service", // a binding looks at the path alone
    httpClient: createFetchClient((request) => send(target, request as Request)),
    useBinaryFormat: true,
    interceptors: [...interceptors],
    acceptCompression: [], // between Workers there is nothing to save; over a network the platform compresses
    sendCompression: null,
    compressMinBytes: 0,
    readMaxBytes,
    writeMaxBytes: readMaxBytes,
  });
  return {
    async unary(method, signal, ownMs, header, message, values) {
      const ms = remaining(Math.min(ownMs ?? timeoutMs, timeoutMs), during);
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

async function send(target: Fetcher | string, request: Request): Promise<Response> {
  const answer = typeof target === "string" ? fetch(request, { redirect: "manual" }) : target.fetch(request, { redirect: "manual" });
  const response = await answer.catch((reason: unknown) => {
    if (request.signal.aborted) throw reason;
    throw new ConnectError("service can't be reached", Code.Unavailable, undefined, undefined, reason);
  });
  if (response.status >= 300 && response.status < 400 && response.status !== 304) {
    await response.body?.cancel();
    throw new ConnectError(`service answered with a redirect (${response.status})`, Code.Unavailable);
  }
  // On the public network a 504 can lose its body; Connect would then read `unavailable`, which invites to try again.
  if (response.status === 504 && response.headers.get("content-type")?.startsWith("application/json") !== true) {
    await response.body?.cancel();
    throw new ConnectError("service did not answer in time", Code.DeadlineExceeded);
  }
  return response.headers.has("content-encoding") ? decoded(response) : response;
}

/** The platform has unpacked the body, but its headers still speak of the packed one. */
function decoded(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(response.body, { status: response.status, headers });
}
