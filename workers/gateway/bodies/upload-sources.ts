// Sources of an upload: the bytes of a caller's request, measured as they pass, in total or message by message.

import { EnvelopeFilter } from "../../../core/protocol/envelope.ts";
import { UNFINISHED_MESSAGE } from "../../../core/protocol/unfinished-message.ts";
import { Rejected } from "../../../core/rejection.ts";
import type { MessageCharge } from "../call.ts";
import type { BodyReader } from "./body-reader.ts";
import type { UploadSource } from "./upload.ts";

/** A body without messages. Once the upstream has begun to respond, a body that is too large can no longer be refused cleanly. */
export function byteSource(reader: BodyReader, maxBytes: number): UploadSource {
  let size = 0;
  return {
    async next() {
      const chunk = await reader.read();
      size += chunk?.byteLength ?? 0;
      if (size > maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes });
      return chunk;
    },
    unfinishedMessage: () => undefined,
    touch: () => reader.touch(),
    stop: () => reader.stop(),
  };
}

/**
 * A body of envelopes.
 *
 * @param maxBytes largest message, bytes, as sent and decompressed
 * @param check    throws what is wrong with a compressed message; undefined where none can be compressed
 * @param pauseMs  longest silence between two messages
 * @param charge   pays for the messages after the first one, before they pass
 */
export function envelopeSource(
  reader: BodyReader,
  maxBytes: number,
  check: ((message: Uint8Array) => void) | undefined,
  pauseMs: number,
  charge?: MessageCharge,
): UploadSource {
  let charged = 1; // the call itself has paid for its first message
  const gate = new EnvelopeFilter(maxBytes, check);
  let isBetween = true; // the upstream has read up to the end of a message
  return {
    async next() {
      for (;;) {
        const chunk = await (gate.isBetweenMessages() ? reader.read(pauseMs) : reader.read());
        if (chunk === undefined) gate.end();
        if (chunk !== undefined && check !== undefined) reader.hold(gate.heldBytesWith(chunk.byteLength));
        const passed = chunk === undefined ? undefined : gate.pass(chunk);
        if (charge !== undefined && gate.messages > charged) {
          const more = gate.messages - charged;
          charged = gate.messages;
          await charge(more);
        }
        isBetween = gate.isBetweenMessages();
        if (passed?.byteLength !== 0) return passed;
      }
    },
    unfinishedMessage: () => (isBetween ? UNFINISHED_MESSAGE : undefined),
    touch: () => reader.touch(),
    stop: () => reader.stop(),
  };
}
