// Copies of calls for a second version of a called service, whose responses are discarded: no call waits for its copy.
import { clone, create, type DescMessage, type DescMethodUnary, type MessageInitShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { createContextValues, type HandlerContext, type Transport } from "@connectrpc/connect";
import { MIRROR_HEADER } from "../../../core/headers.ts";
import { Permits } from "../../../core/overload/permits.ts";
import { logEvent } from "../../log.ts";
import { sampled } from "../../sampled.ts";
import { PROVEN_CALLER } from "../../service/identity/caller.ts";

export interface MirrorOptions {
  /** Lets a copy go on after the response of the call: `waitUntil` of `cloudflare:workers`; in Node, a function that does nothing. */
  waitUntil(work: Promise<unknown>): void;
  /** Share of the calls, in [0, 100]. 100 by default. */
  readonly percent?: number;
  /** Copies of an isolate in flight; further calls get none. 50 by default. */
  readonly maxInFlight?: number;
  /** Time of a copy, ms. 15 000 by default; on Workers it ends 30 s after the response of the call, whatever this says. */
  readonly timeoutMs?: number;
  /** True: methods with side effects are copied, too, and happen twice where both versions share their storage. False by default. */
  readonly writes?: boolean;
}

/** A mirror of an isolate, with the number of its copies. */
export interface ServiceMirror<T> {
  readonly target: T;
  /** Sends a copy, or none. Never throws. @param to makes a transport for a served call that has ended, perhaps */
  copy<I extends DescMessage, O extends DescMessage>(
    call: MirroredCall<I, O>,
    to: (target: T, during: HandlerContext | undefined) => Transport,
  ): void;
}

export interface MirroredCall<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly header: HeadersInit | undefined;
  readonly message: MessageInitShape<I>;
  readonly during: HandlerContext | undefined;
}

/**
 * A mirror for `transportTo(target, { mirror })`: unary calls are copied to it. Create it once for each isolate.
 *
 * ```ts
 * import { waitUntil } from "cloudflare:workers";
 * const mirror = serviceMirror(env.USERS_NEXT, { percent: 5, waitUntil });
 * ```
 *
 * A copy has the headers of its call, `x-tidegate-mirror: 1`, and no part in its deadline. Copies that fail are logged (`mirror_failed`).
 *
 * @throws Error for bounds that are none
 */
export function serviceMirror<T>(target: T, options: MirrorOptions): ServiceMirror<T> {
  const { waitUntil, percent = 100, maxInFlight = 50, timeoutMs = 15_000, writes = false } = options;
  if (!(percent >= 0 && percent <= 100)) throw new Error(`mirror.percent: found ${percent}; write a number from 0 to 100`);
  if (!(Number.isSafeInteger(maxInFlight) && maxInFlight >= 1))
    throw new Error(`mirror.maxInFlight: found ${maxInFlight}; write a whole number from 1 on`);
  const inFlight = new Permits();
  const count = sampled();
  const failed = (method: DescMethodUnary, during: HandlerContext | undefined, error: unknown): void => {
    if (count(Date.now()) === 0) return;
    const route = `${method.parent.typeName}/${method.name}`;
    logEvent("mirror_failed", { requestId: during?.requestHeader.get("x-request-id") ?? null, route, upstream: "mirror", error });
  };
  return {
    target,
    copy({ method, header, message, during }, to) {
      if (!writes && method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return;
      if (Math.random() * 100 >= percent) return;
      const now = Date.now();
      if (inFlight.count(now) >= maxInFlight) return failed(method, during, `more than ${maxInFlight} copies in flight`);
      const permit = inFlight.acquire(now, now + timeoutMs, undefined); // also ends by itself: the platform may drop the copy
      const copied = clone(method.input, create(method.input, message)); // the call may change its message later
      const headers = new Headers(header);
      headers.set(MIRROR_HEADER, "1");
      const sent = to(target, detached(during))
        .unary(method, undefined, timeoutMs, headers, copied)
        .catch((error: unknown) => failed(method, during, error))
        .finally(() => inFlight.release(permit));
      waitUntil(sent);
    },
  };
}

/** The served call, as far as it outlives itself: its headers and its caller. What becomes of the copy is nothing to its retries. */
function detached(during: HandlerContext | undefined): HandlerContext | undefined {
  if (during === undefined) return undefined;
  const { method, service, protocolName, requestMethod, url, requestHeader } = during;
  return {
    ...{ method, service, protocolName, requestMethod, url, requestHeader },
    values: createContextValues().set(PROVEN_CALLER, during.values.get(PROVEN_CALLER)),
    signal: new AbortController().signal,
    responseHeader: new Headers(),
    responseTrailer: new Headers(),
    timeoutMs: () => undefined,
  };
}
