// Ends a stream whose upstream has sent nothing for too long; an upstream that hangs would hold its caller for hours.
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
import { cancelResponse } from "../bodies/cancel-response.ts";
import { breakOff } from "../bodies/response-body.ts";
import { errorEnvelope } from "../bodies/stream-ending.ts";
import type { Layer } from "../call/layer.ts";
import type { MethodTraits } from "../call/method-traits.ts";
import { brokenOff } from "../call/outcome.ts";
import type { Call } from "../call.ts";

/**
 * Time counts while the caller waits for more. A caller that reads slowly does not end the stream.
 *
 * @param idleMs longest silence, ms; Infinity for no bound
 */
export function streamIdle({ isUnary }: MethodTraits, idleMs: number): Layer | undefined {
  if (isUnary || idleMs === Number.POSITIVE_INFINITY) return undefined;
  return (next) => async (call) => {
    const response = await next(call);
    if (response.body === null) return response;
    return new Response(watched(response.body, idleMs, call), response);
  };
}

function watched(body: ReadableStream<Uint8Array>, idleMs: number, call: Call): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const meter = envelopeMeter(Number.POSITIVE_INFINITY);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { promise, resolve } = Promise.withResolvers<undefined>();
        const timer = setTimeout(() => resolve(undefined), idleMs);
        const chunk = await Promise.race([reader.read(), promise]);
        clearTimeout(timer);
        if (chunk === undefined) {
          if (!meter.isBetweenMessages()) breakOff(controller, new Error("silent within a message"));
          else {
            controller.enqueue(errorEnvelope(call.protocol, brokenOff(call, { kind: "stream_idle", idleMs })));
            controller.close();
          }
          cancelResponse(reader, call.upload);
        } else if (chunk.done) controller.close();
        else {
          meter.read(chunk.value);
          controller.enqueue(chunk.value);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
