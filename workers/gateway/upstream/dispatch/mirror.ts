// Sends a copy of a call to a mirror. No call waits for it, and its response is discarded.

import { MIRROR_HEADER } from "../../../../core/headers.ts";
import { CallAttempt } from "../../../call/call-attempt.ts";
import { outcomeOf } from "../../../call/outcome.ts";
import { logEvent } from "../../../log.ts";
import { type Call, logFactsOf } from "../../call.ts";
import type { Upstream } from "../upstream.ts";
import { writeHop } from "./hop.ts";
import { identify } from "./identify.ts";

const COPY_TIMEOUT_MS = 15_000;

/** @param call its body is in memory @returns the end of the copy; the promise never rejects */
export async function sendCopy(mirror: Upstream, call: Call): Promise<void> {
  const { method, path, query, sentBody: body } = call.outgoing;
  const headers = new Headers(call.outgoing.headers);
  headers.set(MIRROR_HEADER, "1");
  try {
    writeHop(call.request.headers, headers);
    const attempt = new CallAttempt(call, 1, new Set(), { isCopy: true }, headers);
    await mirror.prepare(call, attempt)?.done;
    const picked = mirror.pick(call, attempt);
    const { base } = picked.destination;
    await identify(call, headers, picked.destination, Date.now());
    const signal = AbortSignal.timeout(COPY_TIMEOUT_MS);
    const response = await picked.destination.fetch(base + path + query, { method, headers, body, redirect: "manual", signal });
    picked.end(outcomeOf(response));
    await response.body?.cancel();
  } catch (error) {
    logEvent("mirror_failed", { ...logFactsOf(call), upstream: mirror.name, error });
  }
}
