// Sends the requests of Connect's transports to one target, once; those of a pool are sent by what is registered for it.
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import type { CallFacts } from "./client-call.ts";
import type { ServicePool } from "./pool/pool-options.ts";
import { pooledClientOf } from "./pool/pooled-clients.ts";
import { fitting, lateError, redirectError, sendInit } from "./received.ts";
import { duplex, wholeBody } from "./request-body.ts";
import { smallBody } from "./response-body.ts";
import { type StreamRequest, streamClient } from "./stream-client.ts";

type Binding = Pick<Fetcher, "fetch">;
type OneRequest = Omit<StreamRequest, "body"> & { readonly body: StreamRequest["body"] | null };

/** For one call. @param timeoutMs that the call has, undefined for none */
export function clientOf(target: Fetcher | string | ServicePool, facts: CallFacts, timeoutMs: number | undefined): UniversalClientFn {
  const pooled = typeof target === "string" ? undefined : pooledClientOf(target);
  if (pooled !== undefined) return pooled(facts, timeoutMs);
  const one = target as Binding | string;
  const { methodKind } = facts.method;
  if (methodKind !== "unary") return streamClient(methodKind === "server_streaming", (request) => sendOnce(one, facts, request));
  return async ({ url, method, header: headers, signal, body }) => {
    const bytes = body === undefined ? null : await wholeBody(body);
    const response = await sendOnce(one, facts, { url, method, headers, body: bytes, signal, sent: undefined });
    return { status: response.status, header: response.headers, body: await smallBody(response), trailer: new Headers() };
  };
}

/** One request, without further attempts. */
async function sendOnce(target: Binding | string, facts: CallFacts, request: OneRequest): Promise<Response> {
  const { isRaw, method, during } = facts;
  const { url, headers, body, signal, sent } = request;
  const hop = { service: method.parent.typeName, method: method.name, isBinding: typeof target !== "string", during };
  await facts.prepare(headers, hop);
  signal?.throwIfAborted(); // a service in the same process would not notice
  const init = { ...sendInit(isRaw), method: request.method, headers, body, ...duplex(body), signal: signal ?? null };
  const outgoing = new Request(url, init);
  const further = isRaw ? sendInit(isRaw) : undefined; // the redirect mode is a part of the request
  const fetched = typeof target === "string" ? fetch(outgoing, further) : target.fetch(outgoing, further);
  const response = await fetched.catch((reason: unknown) => {
    if (signal?.aborted === true) throw sent?.failure ?? reason;
    throw new ConnectError("service can't be reached", Code.Unavailable, undefined, undefined, reason);
  });
  const refused = redirectError(response) ?? lateError(response, headers);
  if (refused === undefined) return fitting(response, isRaw);
  await response.body?.cancel();
  throw refused;
}
