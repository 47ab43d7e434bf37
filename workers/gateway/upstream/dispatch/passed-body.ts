// The body of a response as the layers above get it: counted and watched while it passes, unless it is in memory already.
import { type InvalidResponse, tooLarge, truncated } from "../../../../core/protocol/rpc-response.ts";
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import type { CallAttempt } from "../../../call/call-attempt.ts";
import type { EndpointAttempt } from "../../../call/endpoint-attempt.ts";
import { passOn } from "../../bodies/response-body.ts";
import { limitMessages, streamEnding, withEnding } from "../../bodies/stream-ending.ts";
import { brokenOff } from "../../call/outcome.ts";
import type { Call } from "../../call.ts";
import { isEnvelopeStream } from "../../protocol/protocol.ts";
import { type ResponseReading, watchStream } from "../../protocol/response-check.ts";
import type { CheckedResponse } from "../../protocol/response-messages.ts";
import type { Upstream } from "../upstream.ts";
import { logFault } from "./send-hooks.ts";

/** An attempt whose response is being read. */
export interface Receiving {
  readonly upstream: Upstream;
  readonly picked: EndpointAttempt;
  readonly call: Call;
  readonly attempt: CallAttempt;
}

/**
 * @param length  of the body, where its connection enforces it
 * @param checked undefined where only the head of the response was checked
 */
export function passedBody(
  receiving: Receiving,
  { form, decodes }: ResponseReading,
  { headers, body }: Response,
  length: number | undefined,
  checked: Exclude<CheckedResponse, { readonly misfit: unknown }> | undefined,
): BodyInit | null {
  const { call, attempt } = receiving;
  const { protocol } = call.outgoing;
  const { maxResponseBytes: maxBytes } = call.route;
  if (checked !== undefined && "body" in checked) return checked.body;
  if (form !== "stream") {
    if (body === null) return null;
    const watched = passOn(checked?.large ?? { kind: "large", head: [], rest: body }, watchedBy(receiving, maxBytes));
    return length === undefined ? watched : watched.pipeThrough(new FixedLengthStream(length)); // keeps its content-length
  }
  const broken = (misfit: InvalidResponse): Rejected => brokeOff(receiving, misfit);
  if (decodes !== undefined || call.isTranslated) return watchStream(body, protocol, attempt, maxBytes, broken, call.upload);
  if (body === null) return null;
  if (!isEnvelopeStream(headers)) return passOn({ kind: "large", head: [], rest: body }, watchedBy(receiving, Number.POSITIVE_INFINITY));
  const tooLong = (): Rejected => broken(tooLarge("a message", maxBytes));
  // Where the request is still being sent, the end of its response is written where that is read.
  if (call.upload !== undefined) return limitMessages(body, maxBytes, tooLong, call.upload);
  return withEnding(body, streamEnding(protocol, attempt, call.origin, maxBytes, tooLong));
}

function watchedBy(receiving: Receiving, maxBytes: number) {
  const { picked, call, attempt } = receiving;
  const startedAt = Date.now();
  return {
    maxBytes,
    tooLarge: () => brokeOff(receiving, tooLarge("a response", maxBytes)),
    failed(error: unknown, waitedMs: number): unknown {
      if (!attempt.isEnded) return brokeOff(receiving, truncated(BROKEN));
      const now = Date.now();
      if (now < attempt.deadlineAt) return call.upload?.failure ?? error;
      // A caller that reads slowly makes a response late, too; only the endpoint is to blame where it kept its reader waiting.
      if (waitedMs * 2 >= now - startedAt) {
        picked.streamBroke();
        logFault(receiving.upstream, picked, call, "did not end its response in time");
      }
      return recorded(call.origin, { kind: "deadline_exceeded", stage: "response", timeoutMs: attempt.deadlineAt - attempt.receivedAt });
    },
  };
}

const BROKEN = "closed the connection before the end of its response";

/** A response that had begun did not end as one. @returns the error that its reader gets */
function brokeOff({ upstream, picked, call }: Receiving, misfit: InvalidResponse): Rejected {
  if (misfit.countsAsFailure) picked.streamBroke();
  logFault(upstream, picked, call, misfit.problem);
  return recorded(call.origin, { kind: "upstream_invalid", upstream: upstream.name, ...misfit });
}

/** The caller may read nothing of it: its response has begun, and may have no trailers. */
function recorded(call: Call, rejection: Rejection): Rejected {
  brokenOff(call, rejection);
  return new Rejected(rejection);
}
