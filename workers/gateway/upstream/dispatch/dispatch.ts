// The innermost step of a pipeline: sends the call to its upstream, checks the response, and passes it on without a copy where it can.

import { waitUntil } from "cloudflare:workers";
import { timeoutForNextHop } from "../../../../core/deadline.ts";
import { inspectFields, MAX_FIELDS_BYTES } from "../../../../core/protocol/response-fields.ts";
import { type InvalidResponse, tooManyFields } from "../../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { CallAttempt } from "../../../call/call-attempt.ts";
import type { EndpointAttempt } from "../../../call/endpoint-attempt.ts";
import { pushbackMsOf } from "../../../call/failure.ts";
import { outcomeOf } from "../../../call/outcome.ts";
import { type Sent, send } from "../../../call/send.ts";
import type { Preparation } from "../../../call/target.ts";
import { recordDelay } from "../../call/end/call-delays.ts";
import type { Handler } from "../../call/layer.ts";
import type { Call, Clock } from "../../call.ts";
import { checkResponse, type ResponseReading } from "../../protocol/response-check.ts";
import { cleanResponseHeaders } from "../../protocol/response-headers.ts";
import type { CheckedResponse } from "../../protocol/response-messages.ts";
import { rememberMessage } from "../../transcode/decoded-messages.ts";
import type { Upstream } from "../upstream.ts";
import { writeHop } from "./hop.ts";
import { sendCopy } from "./mirror.ts";
import { passedBody } from "./passed-body.ts";
import { logFault, SEND_HOOKS } from "./send-hooks.ts";

const MAX_GRPC_TIMEOUT_MS = 99_999_999; // eight digits: gRPC's PROTOCOL-HTTP2, Timeout

/** @param reading how responses are checked: an upstream is not trusted */
export function dispatch(upstream: Upstream, reading: ResponseReading): Handler {
  const handler: Handler = async (call, attempt = new CallAttempt(call)) => {
    writeHop(call.request.headers, attempt.headers);
    const preparation = upstream.prepare(call, attempt);
    if (preparation !== undefined) {
      waitUntil(preparation.done);
      const waitMs = Math.min(preparation.waitMs, attempt.deadlineAt - Date.now());
      if (waitMs > 0) await waited(preparation, waitMs);
    }
    const { protocol, method, path, query, sentBody: body } = call.outgoing;
    const { headers } = attempt;
    const isGrpcWeb = protocol.kind === "grpc_web";
    const timeoutHeader = isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms";
    if (upstream.timeoutHeader !== "as_called" || headers.has(timeoutHeader)) {
      const timeoutMs = timeoutForNextHop(attempt.deadlineAt - Date.now());
      headers.set(timeoutHeader, isGrpcWeb ? `${Math.min(timeoutMs, MAX_GRPC_TIMEOUT_MS)}m` : String(timeoutMs));
    }

    const sent = await send(SEND_HOOKS, upstream, call, attempt, path + query, {
      method,
      headers,
      body,
      redirect: "manual",
      encodeResponseBody: "manual", // compressed bytes pass as they are
    });
    const [picked, response] = sent;
    const mirror = upstream.mirror?.();
    if (mirror !== undefined && !(body instanceof ReadableStream)) waitUntil(sendCopy(mirror, call));
    const fields = inspectFields(response.headers, call.route.withheldFields);
    const length = lengthOf(picked, response);
    let checked: CheckedResponse | undefined;
    try {
      checked =
        fields.bytes > MAX_FIELDS_BYTES
          ? { misfit: tooManyFields(MAX_FIELDS_BYTES) }
          : await checkResponse(reading, call, attempt, response, length);
    } catch (error) {
      giveUp(sent, call, attempt, error);
    }
    if (checked !== undefined && "misfit" in checked) {
      return refuse(upstream, call, attempt, sent, checked.misfit, reading.form === "http");
    }
    picked.end(outcomeOf(response));
    call.responseBytes = bytesOf(checked) ?? length ?? 0;
    const { status } = response;
    const passed = passedBody({ upstream, picked, call, attempt }, reading, response, length, checked);
    const passedOn = new Response(passed, { status, headers: response.headers, encodeBody: "manual" });
    cleanResponseHeaders(passedOn.headers, fields);
    if (status === 204) passedOn.headers.delete("content-length"); // RFC 9110, section 8.6
    if (picked.cookie !== undefined) passedOn.headers.append("set-cookie", picked.cookie);
    return rememberMessage(passedOn, checked !== undefined && "message" in checked ? checked.message : undefined);
  };
  return upstream.mirror === undefined ? handler : Object.assign(handler, { needs: "whole_body" as const }); // a copy sends the body again
}

async function waited({ done, cause }: Preparation, waitMs: number): Promise<void> {
  const startedAt = Date.now();
  await Promise.race([done, scheduler.wait(waitMs)]);
  recordDelay(cause, startedAt);
}

/** The length of a body that was read whole. */
function bytesOf(checked: CheckedResponse | undefined): number | undefined {
  return checked !== undefined && "body" in checked && checked.body instanceof Uint8Array ? checked.body.byteLength : undefined;
}

/** The length of a body, where its connection enforces it; undefined where it is not known. */
function lengthOf({ destination }: EndpointAttempt, { headers }: Response): number | undefined {
  const length = destination.enforcesLength === true ? headers.get("content-length") : null;
  return length === null ? undefined : Number(length);
}

/** The call ended before its response was read, or there is no memory for it. */
function giveUp([picked, response]: Sent, call: Call, { deadlineAt }: Clock, error: unknown): never {
  picked.end(Date.now() >= deadlineAt ? "late" : "dropped");
  void response.body?.cancel().catch(() => undefined); // it may be locked, or broken
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
  picked.end(isFailure ? (misfit.code === "unavailable" ? "unavailable" : "failed") : outcome);
  logFault(upstream, picked, call, misfit.problem);
  await response.body?.cancel().catch(() => undefined); // it may be locked, or broken
  // On the public network a 504 can lose its body; without it, clients would read `unavailable`, and try again.
  if (!isHttp && response.status === 504)
    throw new Rejected({ kind: "deadline_exceeded", stage: "upstream", timeoutMs: deadlineAt - receivedAt });
  throw new Rejected({ kind: "upstream_invalid", upstream: upstream.name, ...misfit, pushbackMs: pushbackMsOf(response.headers) });
}
