// Sends the requests of Connect's transports to a pool, with further attempts.
import type { UniversalClientFn, UniversalClientRequest, UniversalClientResponse } from "@connectrpc/connect/protocol";
import { type AttemptSender, CallAttempt } from "../../call/call-attempt.ts";
import { type HedgeRules, hedged } from "../../call/hedge.ts";
import type { EndpointPool } from "../../call/pool/endpoint-pool.ts";
import { type RetryRules, withRetries } from "../../call/retry.ts";
import { type CallFacts, ClientCall } from "../client-call.ts";
import { fitting, headersFor } from "../received.ts";
import { wholeBody } from "../request-body.ts";
import { chunksOf, watched } from "../response-body.ts";
import { streamClient } from "../stream-client.ts";
import { attemptUnary, begin, endWith } from "./pooled-attempt.ts";
import { errorOf } from "./refusal-error.ts";

/** What a pool is made of. */
export interface PoolMachinery {
  readonly pool: EndpointPool<ClientCall>;
  readonly retries: RetryRules<ClientCall> | undefined; // undefined for none
  readonly hedging: HedgeRules | undefined; // undefined for none
}

/** Sends the requests of one call. @param timeoutMs that the call has, undefined for none */
export function pooledClient(machinery: PoolMachinery, facts: CallFacts, timeoutMs: number | undefined): UniversalClientFn {
  const { methodKind } = facts.method;
  return methodKind === "unary"
    ? (request) => sendUnary(machinery, facts, timeoutMs, request)
    : streamOf(machinery, facts, timeoutMs, methodKind === "server_streaming");
}

/** @throws ConnectError where no response came; the reason for which the call ended otherwise */
async function sendUnary(
  machinery: PoolMachinery,
  facts: CallFacts,
  timeoutMs: number | undefined,
  { url, method, header: headers, signal, body }: UniversalClientRequest,
): Promise<UniversalClientResponse> {
  const bytes = body === undefined ? null : await wholeBody(body);
  const call = new ClientCall(facts, timeoutMs, { method, ...pathOf(url), headers, body: bytes }, signal);
  try {
    const response = await unary(machinery, call);
    const header = headersFor(response, facts.isRaw);
    return { status: response.status, header, body: chunksOf(call.bodies.get(response) ?? []), trailer: new Headers() };
  } catch (error) {
    throw errorOf(error, call.isSpent);
  }
}

async function unary({ pool, retries, hedging }: PoolMachinery, call: ClientCall): Promise<Response> {
  const once: AttemptSender<ClientCall> = (_, attempt) => attemptUnary(pool, call, attempt);
  const isHedged = hedging !== undefined && call.hasNoSideEffects;
  const next: AttemptSender<ClientCall> = isHedged ? (_, attempt) => hedged(hedging, call, attempt, once) : once;
  return retries === undefined ? next(call, new CallAttempt(call)) : withRetries(retries, call, call.isIdempotent, next);
}

/** Starts a stream, at one endpoint. Its caller may have read a part of it, so it is never started again. */
function streamOf({ pool }: PoolMachinery, facts: CallFacts, timeoutMs: number | undefined, isOneMessage: boolean): UniversalClientFn {
  let broke = (): void => undefined;
  const client = streamClient(isOneMessage, async ({ url, method, headers, body, signal, sent }) => {
    const call = new ClientCall(facts, timeoutMs, { method, ...pathOf(url), headers, body }, signal, sent);
    try {
      const attempt = new CallAttempt(call);
      const { picked, response } = await begin(pool, call, attempt);
      endWith(picked, call, response);
      broke = () => {
        if (!attempt.isEnded) picked.streamBroke();
      };
      return fitting(response, facts.isRaw);
    } catch (error) {
      throw errorOf(error, false);
    }
  });
  return async (request) => {
    const response = await client(request);
    // Where the caller ends the call, its signal is aborted before the stream ends.
    const isOver = (): boolean => request.signal?.aborted === true;
    return { ...response, body: watched(response.body, () => isOver() || broke()) };
  };
}

function pathOf(url: string): { readonly path: string; readonly query: string } {
  const { pathname, search } = new URL(url);
  return { path: pathname, query: search };
}
