// Sends one attempt of a call to an endpoint, and to another one where that endpoint refuses it before any work.

import { parseLoadReport, parseShedLevel } from "../../core/balance/load-report.ts";
import { CRITICALITY_HEADER, MEDIAN_HEADER, REPORT_HEADER, REPORT_TRAILER } from "../../core/headers.ts";
import { CRITICALITIES, MOST_CRITICAL } from "../../core/overload/criticality.ts";
import { MAX_REDIRECTS } from "../../core/overload/redirect.ts";
import { Rejected } from "../../core/rejection.ts";
import type { CallAttempt } from "./call-attempt.ts";
import type { Destination } from "./destination.ts";
import type { OutboundCall } from "./outbound-call.ts";
import { hostRefusalOf } from "./outcome.ts";
import type { EndpointAttempt } from "./endpoint-attempt.ts";
import type { AttemptTarget } from "./target.ts";

/** A request. Its signal depends on the endpoint: it is written before each fetch. */
export type UpstreamRequest = Omit<RequestInit, "signal"> & { readonly headers: Headers; signal?: AbortSignal | null };

/** What the sender of a call adds to its attempts. */
export interface SendHooks<C extends OutboundCall> {
  /** Writes the headers that depend on the endpoint, before each request. @returns a promise where they have to be waited for */
  prepare(call: C, headers: Headers, destination: Destination): Promise<void> | undefined;
  /** Records a fault of an endpoint. Callers never learn its address. */
  fault(target: AttemptTarget<C>, picked: EndpointAttempt, call: C, problem: string): void;
}

/** The endpoint that responded, and its response. */
export type Sent = readonly [picked: EndpointAttempt, response: Response];

/**
 * A host that is much slower than the others, or overloaded, may refuse a call before any work. The call is then sent to another endpoint:
 * at most `MAX_REDIRECTS` times because of slowness, once because of overload, and only where its body can be sent again.
 *
 * @param path canonical path and query
 * @throws Rejected where no endpoint takes the call, or none can be reached; what has ended the call otherwise
 */
export async function send<C extends OutboundCall>(
  hooks: SendHooks<C>,
  upstream: AttemptTarget<C>,
  call: C,
  attempt: CallAttempt,
  path: string,
  request: UpstreamRequest,
): Promise<Sent> {
  const { headers } = request;
  const canRepeat = !(request.body instanceof ReadableStream);
  let wasShed = false;
  let isPromoted = false; // whether the next attempt is marked as critical_plus
  for (let redirects = 0; ; redirects++) {
    const picked = upstream.pick(call, attempt);
    const mayRedirect = canRepeat && picked.medianMs > 0 && redirects < MAX_REDIRECTS && !wasShed;
    if (mayRedirect) headers.set(MEDIAN_HEADER, picked.medianMs.toFixed(1));
    else headers.delete(MEDIAN_HEADER);
    if (isPromoted) headers.set(CRITICALITY_HEADER, CRITICALITIES[MOST_CRITICAL]!);
    let response: Response;
    try {
      response = await fetchFrom(hooks, upstream, picked, call, attempt, path, request);
    } finally {
      if (isPromoted) headers.delete(CRITICALITY_HEADER); // a later attempt is an ordinary call
    }
    const report = response.headers.get(REPORT_HEADER) ?? response.headers.get(REPORT_TRAILER);
    if (report !== null) picked.recordReport(parseLoadReport(report), parseShedLevel(report));
    const refusal = hostRefusalOf(response);
    const isRedirected = refusal === "redirect" ? mayRedirect : refusal === "shed" && canRepeat && !wasShed && picked.mayRedirectShed;
    if (!isRedirected) return [picked, response];
    picked.end("redirected");
    await response.body?.cancel();
    wasShed ||= refusal === "shed";
    isPromoted = picked.redirect(refusal === "redirect");
  }
}

async function fetchFrom<C extends OutboundCall>(
  hooks: SendHooks<C>,
  upstream: AttemptTarget<C>,
  picked: EndpointAttempt,
  call: C,
  attempt: CallAttempt,
  path: string,
  request: UpstreamRequest,
): Promise<Response> {
  const { destination, maxMs } = picked;
  const { signal: outer } = attempt;
  const probing = maxMs === undefined ? undefined : new AbortController(); // ends a probe that hangs, but no body that has begun
  const timer = probing && setTimeout(() => probing.abort(new Error("no response to a probe in time")), maxMs);
  request.signal = probing === undefined ? outer : AbortSignal.any([probing.signal, ...(outer ? [outer] : [])]);
  let response: Response;
  let isPrepared = false;
  try {
    const prepared = hooks.prepare(call, request.headers, destination);
    if (prepared !== undefined) await prepared;
    isPrepared = true;
    response = await destination.fetch(destination.base + path, request);
  } catch (error) {
    const isLate = outer?.aborted === true && Date.now() >= attempt.deadlineAt && call.upload?.awaitsCaller !== true;
    const uploadFailure = call.upload?.failure; // the request body broke off, or broke a limit
    const isOurs = !isPrepared || error instanceof Rejected || uploadFailure !== undefined || outer?.aborted === true;
    picked.end(isLate ? "late" : isOurs ? "dropped" : "unavailable");
    if (isOurs) throw uploadFailure ?? error;
    hooks.fault(upstream, picked, call, String(error));
    throw new Rejected({ kind: "upstream_unreachable", upstream: upstream.name, wasSent: !/refused/i.test(String(error)) });
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
  if (call.upload?.failure === undefined) return response;
  picked.end("dropped"); // a response to a request that broke off says nothing about the endpoint
  throw call.upload.failure;
}
