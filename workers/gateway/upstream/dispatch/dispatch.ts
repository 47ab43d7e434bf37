// The innermost step of a pipeline: sends the call to its upstream, checks the response, and passes it on without a copy where it can.

import { waitUntil } from "cloudflare:workers";
import { timeoutForNextHop } from "../../../../core/deadline.ts";
import type { InvalidResponse } from "../../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { streamEnding, withEnding } from "../../bodies/stream-ending.ts";
import { CallAttempt } from "../../call/attempt.ts";
import type { Handler } from "../../call/layer.ts";
import type { Call, Clock } from "../../call.ts";
import { cleanResponseHeaders } from "../../protocol/headers.ts";
import { isEnvelopeStream } from "../../protocol/protocol.ts";
import { type CheckedResponse, checkResponse, type ResponseReading, watchStream } from "../../protocol/response-check.ts";
import { rememberMessage } from "../../transcode/decoded-messages.ts";
import type { EndpointAttempt, Upstream } from "../upstream.ts";
import { pushbackMsOf } from "./failure.ts";
import { sendCopy } from "./mirror.ts";
import { outcomeOf } from "./outcome.ts";
import { endAttempt, logFault, type Sent, send } from "./send.ts";

const MAX_GRPC_TIMEOUT_MS = 99_999_999; // eight digits: gRPC's PROTOCOL-HTTP2, Timeout

/** @param reading how responses are checked: an upstream is not trusted */
export function dispatch(upstream: Upstream, reading: ResponseReading): Handler {
  const handler: Handler = async (call, attempt = new CallAttempt(call)) => {
    const preparation = upstream.prepare(call, attempt);
    if (preparation !== undefined) {
      waitUntil(preparation.done);
      const waitMs = Math.min(preparation.waitMs, attempt.deadlineAt - Date.now());
      if (waitMs > 0) await Promise.race([preparation.done, scheduler.wait(waitMs)]);
    }
    const { protocol, method, path, query, body } = call.outgoing;
    const { headers } = attempt;
    const isGrpcWeb = protocol.kind === "grpc_web";
    const timeoutHeader = isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms";
    if (upstream.timeoutHeader !== "as_called" || headers.has(timeoutHeader)) {
      const timeoutMs = timeoutForNextHop(attempt.deadlineAt - Date.now());
      headers.set(timeoutHeader, isGrpcWeb ? `${Math.min(timeoutMs, MAX_GRPC_TIMEOUT_MS)}m` : String(timeoutMs));
    }

    const sent = await send(upstream, call, attempt, path + query, {
      method,
      headers,
      body,
      redirect: "manual",
      encodeResponseBody: "manual", // compressed bytes pass as they are
    });
    const [picked, response] = sent;
    const mirror = upstream.mirror?.();
    if (mirror !== undefined && !(body instanceof ReadableStream)) waitUntil(sendCopy(mirror, call));
    const checking = checkResponse(reading, call, attempt, response);
    const checked = checking instanceof Promise ? await checking.catch((error: unknown) => giveUp(picked, call, attempt, error)) : checking;
    if (checked !== undefined && "misfit" in checked) {
      return refuse(upstream, call, attempt, sent, checked.misfit, reading.form === "http");
    }
    endAttempt(picked, outcomeOf(response));
    return passedOn(upstream, reading, call, attempt, sent, checked);
  };
  return upstream.mirror === undefined ? handler : Object.assign(handler, { needs: "whole_body" as const }); // a copy sends the body again
}

/** The response as the layers above get it: without headers that are not for callers. */
function passedOn(
  upstream: Upstream,
  { form, decodes }: ResponseReading,
  call: Call,
  attempt: CallAttempt,
  [picked, { status, headers, body }]: Sent,
  checked: Exclude<CheckedResponse, { misfit: unknown }> | undefined,
): Response {
  const { protocol } = call.outgoing;
  let passed: BodyInit | null = checked === undefined ? body : checked.body;
  if (form === "stream" && checked === undefined) {
    if (decodes !== undefined || call.isTranslated) {
      passed = watchStream(body, protocol, attempt, (misfit) => brokeOff(upstream, picked, call, misfit));
    } else if (call.upload === undefined && body !== null && isEnvelopeStream(headers)) {
      // Where the request is still being sent, the end of its response is written where that is read.
      passed = withEnding(body, streamEnding(protocol, attempt));
    }
  }
  const response = new Response(passed, { status, headers, encodeBody: "manual" });
  cleanResponseHeaders(response.headers);
  if (picked.cookie !== undefined) response.headers.append("set-cookie", picked.cookie);
  return rememberMessage(response, checked?.message);
}

/** A stream that had begun did not end as one. @returns the error that its reader gets */
function brokeOff(upstream: Upstream, picked: EndpointAttempt, call: Call, misfit: InvalidResponse): Rejected {
  picked.streamBroke();
  logFault(upstream, picked, call, misfit.problem);
  return new Rejected({ kind: "upstream_invalid", upstream: upstream.name, ...misfit });
}

/** The call ended before its response was read. */
function giveUp(picked: EndpointAttempt, call: Call, { deadlineAt }: Clock, error: unknown): never {
  endAttempt(picked, Date.now() >= deadlineAt ? "late" : "dropped");
  throw call.upload?.failure ?? error;
}

/** An invalid response: it is logged, counts against the endpoint where that is at fault, and never reaches the caller. */
async function refuse(
  upstream: Upstream,
  call: Call,
  { deadlineAt, receivedAt }: Clock,
  [picked, response]: Sent,
  misfit: InvalidResponse,
  isHttp: boolean,
): Promise<never> {
  const outcome = outcomeOf(response);
  const isFailure = misfit.countsAsFailure && outcome === "responded";
  endAttempt(picked, isFailure ? (misfit.code === "unavailable" ? "unavailable" : "failed") : outcome);
  logFault(upstream, picked, call, misfit.problem);
  await response.body?.cancel().catch(() => undefined); // it may be locked, or broken
  // On the public network a 504 can lose its body; without it, clients would read `unavailable`, and try again.
  if (!isHttp && response.status === 504) throw new Rejected({ kind: "deadline_exceeded", timeoutMs: deadlineAt - receivedAt });
  throw new Rejected({ kind: "upstream_invalid", upstream: upstream.name, ...misfit, pushbackMs: pushbackMsOf(response.headers) });
}
