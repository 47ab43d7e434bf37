// Sends one attempt of a client's call to an endpoint of its pool, and judges the response.
import { type CallProtocol, checkHead, type ResponseHead, truncated } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { CallAttempt } from "../../call/call-attempt.ts";
import type { EndpointAttempt } from "../../call/endpoint-attempt.ts";
import { outcomeOf } from "../../call/outcome.ts";
import type { EndpointPool } from "../../call/pool/endpoint-pool.ts";
import { type SendHooks, send } from "../../call/send.ts";
import { wait } from "../../wait.ts";
import type { ClientCall } from "../client-call.ts";
import { lateError, redirectError, sendInit } from "../received.ts";
import { duplex } from "../request-body.ts";
import { type ReadBody, readBody } from "../response-body.ts";

const BROKEN = "closed the connection before the end of its response";

const HOOKS: SendHooks<ClientCall> = {
  prepare: (call, headers, { isBinding }) => call.facts.prepare(headers, call.hopTo(isBinding === true)),
  fault: () => undefined, // the error that the caller gets is all that is written
};

/** A response that has begun, and the endpoint that sends it. */
export interface BegunResponse {
  readonly picked: EndpointAttempt;
  readonly response: Response;
}

/** @throws Rejected where no endpoint takes the call, none can be reached, or its response is none */
export async function begin(pool: EndpointPool<ClientCall>, call: ClientCall, attempt: CallAttempt): Promise<BegunResponse> {
  const preparation = pool.prepare(call, attempt);
  if (preparation !== undefined) {
    const waitMs = Math.min(preparation.waitMs, attempt.deadlineAt - Date.now());
    await Promise.race([preparation.done, wait(waitMs, attempt.signal ?? undefined)]);
  }
  attempt.signal?.throwIfAborted(); // a service in the same process would not notice
  const { headers } = attempt;
  const { method, path, query, body } = call.outgoing;
  const { isGrpcWeb, isRaw } = call.facts;
  if (attempt.number > 1 && Number.isFinite(attempt.deadlineAt)) {
    const leftMs = Math.max(1, Math.floor(attempt.deadlineAt - Date.now()));
    headers.set(isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms", isGrpcWeb ? `${leftMs}m` : String(leftMs));
  }
  const request = { ...sendInit(isRaw), method, headers, body, ...duplex(body) };
  const [picked, response] = await send(HOOKS, pool, call, attempt, path + query, request);
  const refused = redirectError(response) ?? lateError(response, headers);
  if (refused === undefined) return { picked, response };
  picked.end("failed");
  await response.body?.cancel().catch(() => undefined); // it may be broken
  if (response.status === 504) {
    throw new Rejected({ kind: "deadline_exceeded", stage: "upstream", timeoutMs: attempt.deadlineAt - attempt.receivedAt });
  }
  const { rawMessage } = refused;
  const problem = rawMessage.replace(/^service /, "");
  throw new Rejected({
    kind: "upstream_invalid",
    upstream: pool.name,
    fault: "status",
    problem,
    code: "unavailable",
    countsAsFailure: true,
  });
}

/** One attempt of a unary call: its response is read whole, within the bound of the transport. */
export async function attemptUnary(pool: EndpointPool<ClientCall>, call: ClientCall, attempt: CallAttempt): Promise<Response> {
  const { picked, response } = await begin(pool, call, attempt);
  let read: ReadBody;
  try {
    read = await readBody(response.body, call.facts.maxBytes);
    if (!isWhole(response, read)) throw new Error("the body is shorter than its length");
  } catch (error) {
    const isEnded = attempt.isEnded;
    picked.end(isEnded ? (Date.now() >= attempt.deadlineAt ? "late" : "dropped") : "unavailable");
    if (isEnded) throw error;
    throw new Rejected({ kind: "upstream_invalid", upstream: pool.name, ...truncated(BROKEN) });
  }
  await read.rest?.cancel().catch(() => undefined); // Connect refuses what is larger than the bound, by the part that was read
  endWith(picked, call, response);
  const { status, headers } = response;
  // Retries write on the headers of a response that is a failure; those of a received one can't be changed.
  const isSuccess = status === 200 && !headers.has("grpc-status");
  const kept = isSuccess || status === 204 || status === 304 ? response : new Response(null, { status, headers });
  call.bodies.set(kept, read.chunks);
  return kept;
}

/** Ends an attempt whose response has a head: an invalid one counts against the endpoint. */
export function endWith(picked: EndpointAttempt, call: ClientCall, response: Response): void {
  const outcome = outcomeOf(response);
  const misfit = outcome === "responded" ? checkHead(wireOf(call), expectedOf(call), headOf(response)) : undefined;
  picked.end(misfit?.countsAsFailure === true ? "failed" : outcome);
}

/** Whether the body has the length that its header declares, where it declares one and is not compressed. */
function isWhole({ headers }: Response, { bytes, rest }: ReadBody): boolean {
  const length = headers.get("content-length");
  return rest !== undefined || length === null || headers.has("content-encoding") || Number(length) === bytes;
}

function wireOf({ facts: { isGrpcWeb, method } }: ClientCall): CallProtocol {
  if (isGrpcWeb) return "grpc_web";
  return method.methodKind === "unary" ? "connect_unary" : "connect_stream";
}

function expectedOf({ facts: { isGrpcWeb, isJson, method } }: ClientCall): string {
  const codec = isJson ? "json" : "proto";
  if (isGrpcWeb) return `application/grpc-web+${codec}`;
  return method.methodKind === "unary" ? `application/${codec}` : `application/connect+${codec}`;
}

function headOf({ status, headers }: Response): ResponseHead {
  const contentType = (headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return { status, contentType, length: headers.get("content-length"), grpcStatus: headers.get("grpc-status") };
}
