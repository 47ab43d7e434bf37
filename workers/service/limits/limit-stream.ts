// Bounds the messages of a stream of requests before they are decoded.
import type { DescMessage } from "@bufbuild/protobuf";
import {
  type Compression,
  type EnvelopedMessage,
  pipe,
  transformDecompressEnvelope,
  transformJoinEnvelopes,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import type { Settings } from "../settings.ts";
import { checkMessage } from "./check-message.ts";

export interface EnvelopeForm {
  readonly isBinary: boolean;
  readonly endFlag: number; // marks an envelope that is no message
}

/**
 * Decompresses the messages and checks them before they are decoded. What reads the stream after it gets them without compression.
 *
 * @param compression of messages with the flag for it; null where the request names none
 * @throws ConnectError where a message is too large, has too many elements, or is none
 */
export function limitStream(
  body: AsyncIterable<Uint8Array>,
  type: DescMessage,
  { isBinary, endFlag }: EnvelopeForm,
  compression: Compression | null,
  { readMaxBytes, maxMessageElements }: Settings,
): AsyncIterable<Uint8Array> {
  async function* checked(envelopes: AsyncIterable<EnvelopedMessage>): AsyncGenerator<EnvelopedMessage> {
    for await (const envelope of envelopes) {
      if ((envelope.flags & endFlag) === 0) checkMessage(type, envelope.data, isBinary, maxMessageElements);
      yield envelope;
    }
  }
  return pipe(
    body,
    transformSplitEnvelope(readMaxBytes),
    transformDecompressEnvelope(compression, readMaxBytes),
    checked,
    transformJoinEnvelopes(),
  );
}
