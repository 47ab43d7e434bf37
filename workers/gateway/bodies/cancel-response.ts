// Ends the response of an upstream that is no longer read, in an order that lets no upstream take a part of its request for the whole.
import type { RequestUpload } from "../call.ts";

/**
 * Cancels a response that the gateway itself has ended. Where the request is still being sent, that is broken off first: a request whose
 * response is canceled before would end with a normal last chunk (see `upload.ts`).
 *
 * @param upload the request of the call; it breaks off when the reader of the response has read its end
 */
export function cancelResponse(reader: ReadableStreamDefaultReader<Uint8Array>, upload: RequestUpload | undefined): void {
  const cancel = (): void => void reader.cancel().catch(() => undefined); // the stream itself may have failed
  if (upload === undefined || upload.isOver || upload.signal.aborted) cancel();
  else upload.signal.addEventListener("abort", cancel, { once: true });
}
