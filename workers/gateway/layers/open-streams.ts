// Bounds the streams that are open at once: of the isolate, of one route, and of one caller.
import type { Permit } from "../../../core/overload/permits.ts";
import type { ConcurrencyScope } from "../call/concurrency-scope.ts";
import { type CallObserver, endStream } from "../call/end/call-end.ts";
import type { Handler, Layer } from "../call/layer.ts";
import type { Call } from "../call.ts";

const NEVER_ENDING_MS = 86_400_000; // a stream without a deadline is not counted for longer

/**
 * A stream is a call whose messages come and go over time, or whose body is sent while it arrives. It counts until its response has ended,
 * is no longer read, or its deadline has passed: nothing else says that a caller has hung up, where the platform does not.
 *
 * @param scopes   all in which it counts
 * @param isStream whether each call of the method is one
 * @param observer of the ends of calls: a call whose response is a stream ends with it
 */
export function openStreams(scopes: readonly ConcurrencyScope[], isStream: boolean, observer?: CallObserver): Layer | undefined {
  const counting = scopes.filter(({ policy }) => policy.mode !== "off");
  if (counting.length === 0 && observer === undefined) return undefined;
  // Not one async function: most calls are no streams, and pass without a promise of their own.
  return (next) => (call) => (isStream || call.upload !== undefined ? counted(counting, isStream, observer, next, call) : next(call));
}

async function counted(
  scopes: readonly ConcurrencyScope[],
  isStream: boolean,
  observer: CallObserver | undefined,
  next: Handler,
  call: Call,
): Promise<Response> {
  const end = begin(scopes, call);
  let response: Response;
  try {
    response = await next(call);
  } catch (error) {
    end();
    throw error;
  }
  if (response.body === null || !(isStream || call.upload?.isOver === false)) {
    end();
    return response;
  }
  if (observer === undefined) return new Response(followed(response.body, end), response);
  call.endsWithStream = true;
  call.forgetMessage();
  const { status } = response;
  const endBoth = (): void => {
    end();
    endStream(observer, call, status);
  };
  return new Response(followed(response.body, endBoth, call), response);
}

/** @returns ends the stream in all scopes; it may be called any number of times. @throws Rejected where a limit is reached */
function begin(scopes: readonly ConcurrencyScope[], call: Call): () => void {
  const now = Date.now();
  for (const scope of scopes) {
    const refusal = scope.streams.refusal(call.rank, call, now);
    if (refusal === undefined) scope.openStreams.allowed(call);
    else scope.refuse(call, "open streams", refusal, now);
  }
  const caller = { shareKey: call.shareKey }; // the call itself would be held for as long as its permits
  const expiresAt = Math.min(call.deadlineAt, now + NEVER_ENDING_MS);
  const permits: [ConcurrencyScope, Permit][] = scopes.map((scope) => [scope, scope.streams.begin(now, expiresAt, caller)]);
  return () => {
    for (const [{ streams }, permit] of permits) streams.end(permit, Date.now(), false);
  };
}

/** A body that reports its end: it was read to its end, broke off, or is no longer read. */
function followed(body: ReadableStream<Uint8Array>, end: () => void, counting?: Call): ReadableStream<Uint8Array> {
  if (counting !== undefined) counting.responseBytes = 0; // what passes is counted, whatever its head says
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            if (counting !== undefined) counting.responseBytes += value.byteLength;
            return controller.enqueue(value);
          }
          end();
          controller.close();
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel(reason) {
        end();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
