// The body of a response while its request is still being sent to the upstream.
import { Rejected } from "../../../core/rejection.ts";
import { breakOff } from "./response-body.ts";
import type { Upload } from "./upload.ts";

/** How a response ends that cannot continue. */
export interface StreamEnding {
  observe(chunk: Uint8Array): void;
  /** @returns the last bytes, none for a stream that has ended; undefined where the response cannot end properly any more */
  lastBytes(failure: unknown): Uint8Array | undefined;
}

/** Ends a response with the last bytes of `ending`; with the failure as its error where there are none. */
export function finishStream(
  controller: ReadableStreamDefaultController<Uint8Array>,
  failure: unknown,
  ending: StreamEnding | undefined,
): void {
  const last = ending?.lastBytes(failure);
  if (last === undefined) breakOff(controller, failure);
  else {
    if (last.byteLength > 0) controller.enqueue(last);
    controller.close();
  }
}

/**
 * Where the request breaks off, so does the response, with the failure as its error, or with `ending`. A caller that hangs up breaks the
 * request off before the upstream sees that its response is no longer read.
 */
export function bindToUpload(body: ReadableStream<Uint8Array>, upload: Upload, ending?: StreamEnding): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const quietly = (): void => undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        upload.onFailure = (failure, aborted) => {
          finishStream(controller, failure, ending);
          aborted.then(() => reader.cancel(failure)).catch(quietly);
        };
        if (upload.failure !== undefined) finishStream(controller, upload.failure, ending);
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (upload.failure !== undefined) return;
          if (!done) {
            upload.touch();
            ending?.observe(value);
            return controller.enqueue(value);
          }
          upload.onFailure = undefined;
          upload.close();
          controller.close();
        } catch (error) {
          if (upload.failure !== undefined) return;
          upload.onFailure = undefined;
          upload.close();
          finishStream(controller, error, ending); // the deadline after the end of the request, or the upstream breaks off
        }
      },
      async cancel(reason) {
        upload.onFailure = undefined;
        await upload.fail(new Rejected({ kind: "caller_gone" }));
        await reader.cancel(reason).catch(quietly);
      },
    },
    { highWaterMark: 0 },
  );
}
