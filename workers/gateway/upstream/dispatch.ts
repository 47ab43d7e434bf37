// The innermost step: sends the call to its upstream and brings back the answer, untouched where it can be.

import { waitUntil } from "cloudflare:workers";
import { parseLoadReport, parseShedLevel } from "../../../core/balance/load-report.ts";
import { timeoutForNextHop } from "../../../core/deadline.ts";
import {
  CRITICALITY_HEADER,
  MEDIAN_HEADER,
  MIRROR_HEADER,
  REDIRECT_HEADER,
  REPORT_HEADER,
  REPORT_TRAILER,
  SHED_HEADER,
} from "../../../core/headers.ts";
import { CRITICALITIES, MOST_CRITICAL } from "../../../core/overload/criticality.ts";
import { MAX_REDIRECTS } from "../../../core/overload/redirect.ts";
import type { InvalidResponse } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import { logEvent } from "../../log.ts";
import { streamEnding, withEnding } from "../bodies/stream-ending.ts";
import { CallAttempt } from "../call/attempt.ts";
import type { Handler } from "../call/layer.ts";
import { type Call, type Clock, logFactsOf } from "../call.ts";
import { cleanAnswer } from "../protocol/headers.ts";
import { isEnvelopeStream } from "../protocol/protocol.ts";
import { checkResponse, type ResponseReading, watchStream } from "../protocol/response-check.ts";
import { rememberMessage } from "../transcode/decoded-messages.ts";
import { pushbackIn } from "./failure.ts";
import type { Attempt, AttemptOutcome, Upstream } from "./upstream.ts";

const COPY_MS = 15_000; // that a copy may take

/** @param reading how responses are checked: an upstream is not trusted */
export function dispatch(upstream: Upstream, reading: ResponseReading): Handler {
  const { form } = reading;
  const handler: Handler = async (call, current = new CallAttempt(call)) => {
    const preparation = upstream.prepare(call, current);
    if (preparation !== undefined) {
      waitUntil(preparation.done);
      const waitMs = Math.min(preparation.waitMs, current.deadlineAt - Date.now());
      if (waitMs > 0) await Promise.race([preparation.done, scheduler.wait(waitMs)]);
    }
    const { protocol, method, path, query, body } = call.outgoing;
    const { headers } = current;
    const isGrpcWeb = protocol.kind === "grpc_web";
    const name = isGrpcWeb ? "grpc-timeout" : "connect-timeout-ms";
    if (upstream.timeoutHeader !== "as_called" || headers.has(name)) {
      const timeoutMs = timeoutForNextHop(current.deadlineAt - Date.now());
      headers.set(name, isGrpcWeb ? `${Math.min(timeoutMs, 99_999_999)}m` : String(timeoutMs));
    }

    const [attempt, answer] = await attempted(upstream, call, current, path + query, {
      method,
      headers,
      body,
      redirect: "manual",
      encodeResponseBody: "manual", // compressed bytes pass as they are
    });
    const watched = upstream.mirror?.();
    if (watched !== undefined && !(body instanceof ReadableStream)) waitUntil(copy(watched, call));
    const found = checkResponse(reading, call, current, answer);
    const checked = found instanceof Promise ? await found.catch((error: unknown) => giveUp(attempt, call, current, error)) : found;
    if (checked !== undefined && "misfit" in checked)
      return refuse(upstream, attempt, call, current, answer, checked.misfit, form === "http");
    end(attempt, outcomeOf(answer));
    const { status, headers: answered } = answer;
    const isWatched = form === "stream" && (reading.decodes !== undefined || call.isTranslated) && checked === undefined;
    // A request that is still on its way has the end of its response written where it is read.
    const isEnded =
      form === "stream" &&
      !isWatched &&
      checked === undefined &&
      call.upload === undefined &&
      answer.body !== null &&
      isEnvelopeStream(answered);
    const read = isEnded ? withEnding(answer.body, streamEnding(protocol, current)) : checked === undefined ? answer.body : checked.body;
    const passed = isWatched ? watchStream(answer.body, protocol, current, (misfit) => brokeOff(upstream, attempt, call, misfit)) : read;
    const response = new Response(passed, { status, headers: answered, encodeBody: "manual" });
    cleanAnswer(response.headers);
    if (attempt.cookie !== undefined) response.headers.append("set-cookie", attempt.cookie);
    return rememberMessage(response, checked?.message);
  };
  return upstream.mirror === undefined ? handler : Object.assign(handler, { needs: "whole_body" as const }); // a copy sends the body again
}

/** A stream that had begun, and did not end as one. @returns what its reader gets */
function brokeOff(upstream: Upstream, attempt: Attempt, call: Call, misfit: InvalidResponse): Rejected {
  attempt.streamBroke();
  log(upstream, attempt, call, misfit.problem);
  return new Rejected({ kind: "upstream_invalid", upstream: upstream.name, ...misfit });
}

/** The call has ended before its response was read. */
function giveUp(attempt: Attempt, call: Call, { deadlineAt }: Clock, error: unknown): never {
  end(attempt, Date.now() >= deadlineAt ? "late" : "dropped");
  throw call.upload?.failure ?? error;
}

/** A response that is none: counted against the endpoint where it is its fault, logged, and never handed on. */
async function refuse(
  upstream: Upstream,
  attempt: Attempt,
  call: Call,
  clock: Clock,
  answer: Response,
  misfit: InvalidResponse,
  isHttp: boolean,
): Promise<never> {
  const outcome = outcomeOf(answer);
  const isCounted = misfit.countsAsFailure && outcome === "answered";
  end(attempt, isCounted ? (misfit.code === "unavailable" ? "unavailable" : "failed") : outcome);
  log(upstream, attempt, call, misfit.problem);
  await answer.body?.cancel().catch(() => undefined); // it may be locked, or broken
  // On the public network a 504 can lose its body; without it, callers would take it for `unavailable` and try again.
  if (!isHttp && answer.status === 504) throw new Rejected({ kind: "deadline_exceeded", timeoutMs: clock.deadlineAt - clock.receivedAt });
  throw new Rejected({ kind: "upstream_invalid", upstream: upstream.name, ...misfit, pushbackMs: pushbackIn(answer.headers) });
}

/** An upstream's fault: the only place that names an endpoint, since callers never read its address. */
function log(upstream: Upstream, attempt: Attempt, call: Call, problem: string): void {
  logEvent("upstream_fault", { ...logFactsOf(call), upstream: upstream.name, endpoint: attempt.endpoint, error: problem });
}

function end(attempt: Attempt, outcome: AttemptOutcome): void {
  const told = attempt.end(outcome);
  if (told !== undefined) waitUntil(told);
}

/** A copy for a version that is only watched: nobody waits for it, and nobody hears of its answer. */
async function copy(upstream: Upstream, call: Call): Promise<void> {
  const { method, path, query, body } = call.outgoing;
  const headers = new Headers(call.outgoing.headers);
  headers.set(MIRROR_HEADER, "1");
  try {
    const current = new CallAttempt(call, 1, new Set(), {}, headers);
    await upstream.prepare(call, current)?.done;
    const attempt = upstream.pick(call, current);
    const signal = AbortSignal.timeout(COPY_MS);
    const answer = await attempt.fetch(attempt.base + path + query, { method, headers, body, redirect: "manual", signal });
    end(attempt, outcomeOf(answer));
    await answer.body?.cancel();
  } catch (fault) {
    logEvent("mirror_failed", { ...logFactsOf(call), upstream: upstream.name, error: fault });
  }
}

const GRPC_FAILURES = new Set(["2", "4", "13", "14", "15"]); // unknown, deadline_exceeded, internal, unavailable, data_loss

/** What speaks against an endpoint, and not against the call: server errors, but for a method that it does not have, or not in this version of HTTP. */
function outcomeOf({ status, headers }: Response): AttemptOutcome {
  const grpc = headers.get("grpc-status");
  if (status < 500 && grpc === null) return "answered";
  if (headers.has(SHED_HEADER)) return "turned_away";
  if (status === 503 || grpc === "14") return "unavailable";
  return (status >= 500 && status !== 501 && status !== 505) || GRPC_FAILURES.has(grpc ?? "") ? "failed" : "answered";
}

/** An endpoint that is hot against the others, or overloaded, may refuse before any work: then another one gets the call. */
async function attempted(
  upstream: Upstream,
  call: Call,
  current: CallAttempt,
  path: string,
  init: RequestInit & { headers: Headers },
): Promise<[Attempt, Response]> {
  const isWhole = !(init.body instanceof ReadableStream);
  let wasShed = false;
  let isRaised = false;
  for (let bounces = 0; ; bounces++) {
    const attempt = upstream.pick(call, current);
    const mayBounce = isWhole && attempt.medianMs > 0 && bounces < MAX_REDIRECTS && !wasShed;
    if (mayBounce) init.headers.set(MEDIAN_HEADER, attempt.medianMs.toFixed(1));
    else init.headers.delete(MEDIAN_HEADER);
    if (isRaised) init.headers.set(CRITICALITY_HEADER, CRITICALITIES[MOST_CRITICAL]!);
    let answer: Response;
    try {
      answer = await send(upstream, attempt, call, current, attempt.base + path, init);
    } finally {
      if (isRaised) init.headers.delete(CRITICALITY_HEADER); // what comes after this attempt is an ordinary call again
    }
    if (call.upload?.failure !== undefined) {
      end(attempt, "dropped"); // what responds to a request that has broken off says nothing of the endpoint
      throw call.upload.failure;
    }
    const report = answer.headers.get(REPORT_HEADER) ?? answer.headers.get(REPORT_TRAILER);
    if (report !== null) attempt.recordReport(parseLoadReport(report), parseShedLevel(report));
    const turned = turnedAway(answer);
    if (!(turned === "bounced" ? mayBounce : turned === "shed" && isWhole && !wasShed && attempt.mayRedirectShed)) return [attempt, answer];
    end(attempt, "bounced");
    await answer.body?.cancel();
    wasShed ||= turned === "shed";
    isRaised = attempt.redirected(turned === "bounced");
  }
}

function turnedAway({ status, headers }: Response): "bounced" | "shed" | undefined {
  if (status !== 503 && !headers.has("grpc-status")) return undefined;
  return headers.has(REDIRECT_HEADER) ? "bounced" : headers.has(SHED_HEADER) ? "shed" : undefined;
}

async function send(
  upstream: Upstream,
  attempt: Attempt,
  call: Call,
  current: CallAttempt,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const { maxMs } = attempt;
  const outer = current.signal;
  const signal = maxMs === undefined ? outer : AbortSignal.any([AbortSignal.timeout(maxMs), ...(outer ? [outer] : [])]);
  try {
    return await attempt.fetch(url, { ...init, signal });
  } catch (error) {
    const isLate = outer?.aborted === true && Date.now() >= current.deadlineAt;
    const broken = call.upload?.failure; // the body broke a limit, or off
    const isOurs = error instanceof Rejected || broken !== undefined || outer?.aborted === true;
    end(attempt, isLate ? "late" : isOurs ? "dropped" : "unavailable");
    if (isOurs) throw broken ?? error;
    log(upstream, attempt, call, String(error));
    throw new Rejected({ kind: "upstream_unreachable", upstream: upstream.name, wasSent: !/refused/i.test(String(error)) });
  }
}
