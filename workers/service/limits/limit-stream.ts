// Bounds the messages of a stream of requests before they are decoded.
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Compression,
  type EnvelopedMessage,
  pipe,
  transformDecompressEnvelope,
  transformJoinEnvelopes,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import { envelopeMeter } from "../../../core/protocol/envelope.ts";
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
 * @throws ConnectError where a message is too large, has too many elements, or is none; where the stream ends within a message
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
    whole(body),
    transformSplitEnvelope(readMaxBytes),
    transformDecompressEnvelope(compression, readMaxBytes),
    checked,
    transformJoinEnvelopes(),
  );
}

/** A stream that was cut off is no whole one. connect-es 2.2.0 does not notice where it ends after the head of a message. */
async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const meter = envelopeMeter(Number.POSITIVE_INFINITY);
  for await (const chunk of body) {
    meter.read(chunk);
    yield chunk;
  }
  if (!meter.isBetweenMessages()) throw new ConnectError("the request ends within a message", Code.InvalidArgument);
}
