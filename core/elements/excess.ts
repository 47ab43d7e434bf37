// What a message can have too much of, and how a caller reads that.

export type Excess = "elements" | "depth";

/** Most arrays and objects within one another: the depth to which protobuf messages may nest. */
export const MAX_DEPTH = 100;

/**
 * A nested message or an unknown field counts as one element, and as one more for each byte that it is smaller than this, its tag and
 * length included. Decoded, an empty one takes 100 to 160 bytes and up to 0.6 µs, so that without this a message that is full of them
 * costs 50 to 80 times its size in memory.
 */
export const LIGHT_BYTES = 11;

/**
 * What is wrong with the message, without its subject.
 *
 * @param setting the one that raises the limit of elements, for example "maxMessageElements"
 */
export function describeExcess(excess: Excess, maxElements: number, setting: string): string {
  if (excess === "depth") return `nests deeper than ${MAX_DEPTH} levels`;
  return `has more than ${maxElements} elements (fields, list items and map entries; more for nested messages and unknown fields of a few bytes); send fewer, or raise ${setting}`;
}
