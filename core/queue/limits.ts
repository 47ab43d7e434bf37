// The limits of Cloudflare Queues for what is sent: size of a message, number and size of the messages of a batch, and delay.
// @see developers.cloudflare.com/queues/platform/limits

/**
 * Size of the largest message, bytes, with its envelope: 128 KB (of 1,000 bytes), less 100 bytes that the platform adds and 300 that a
 * failed message gets on its way to the dead letter queue.
 */
export const MAX_MESSAGE_BYTES = 127_600;
/** Size of the largest batch, bytes: 256 KB, with 100 bytes that the platform adds to each message. */
export const MAX_BATCH_BYTES = 256_000;
/** Bytes that the platform adds to a message. */
export const MESSAGE_OVERHEAD_BYTES = 100;
/** Most messages of a batch. */
export const MAX_BATCH_MESSAGES = 100;
/** Longest delay of a message, seconds: a day. */
export const MAX_DELAY_SECONDS = 86_400;

/** Why something cannot be sent. */
export type QueueLimit =
  | { readonly kind: "message_too_large"; readonly index: number; readonly bytes: number } // index in the batch; 0 for a single message
  | { readonly kind: "batch_too_large"; readonly bytes: number }
  | { readonly kind: "too_many_messages"; readonly messages: number }
  | { readonly kind: "delay_out_of_range"; readonly seconds: number };

/**
 * @param sizes        of the messages, bytes with their envelopes
 * @param delaySeconds of all of them
 * @returns the first limit that they exceed; undefined where they can be sent
 */
export function exceededLimit(sizes: readonly number[], delaySeconds: number): QueueLimit | undefined {
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_DELAY_SECONDS)
    return { kind: "delay_out_of_range", seconds: delaySeconds };
  const large = sizes.findIndex((size) => size > MAX_MESSAGE_BYTES);
  if (large >= 0) return { kind: "message_too_large", index: large, bytes: sizes[large]! };
  if (sizes.length > MAX_BATCH_MESSAGES) return { kind: "too_many_messages", messages: sizes.length };
  const bytes = sizes.reduce((sum, size) => sum + size + MESSAGE_OVERHEAD_BYTES, 0);
  return bytes > MAX_BATCH_BYTES ? { kind: "batch_too_large", bytes } : undefined;
}

/** The text of an error: the fact, the value, and the limit. */
export function limitText(limit: QueueLimit): string {
  switch (limit.kind) {
    case "message_too_large":
      return `message ${limit.index} has ${limit.bytes} bytes with its envelope, at most ${MAX_MESSAGE_BYTES} can be sent; send a reference to a larger one`;
    case "batch_too_large":
      return `the batch has ${limit.bytes} bytes, at most ${MAX_BATCH_BYTES} can be sent at once; send several batches`;
    case "too_many_messages":
      return `the batch has ${limit.messages} messages, at most ${MAX_BATCH_MESSAGES} can be sent at once; send several batches`;
    case "delay_out_of_range":
      return `a delay of ${limit.seconds} s is no whole number of seconds from 0 to ${MAX_DELAY_SECONDS}`;
  }
}

/**
 * How many messages, from the first one on, fit into one batch.
 *
 * @param sizes bytes with their envelopes, each at most `MAX_MESSAGE_BYTES`
 * @returns at least 1 where there is a message
 */
export function batchLength(sizes: readonly number[]): number {
  let bytes = 0;
  let length = 0;
  for (const size of sizes.slice(0, MAX_BATCH_MESSAGES)) {
    bytes += size + MESSAGE_OVERHEAD_BYTES;
    if (bytes > MAX_BATCH_BYTES) break;
    length += 1;
  }
  return length;
}
