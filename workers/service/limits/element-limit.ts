// The element limit of a message, checked over its bytes before it is decoded: decoding costs up to a hundred times more per byte than the
// scan, in time and in memory.
import type { DescMessage } from "@bufbuild/protobuf";
import type { Excess } from "../../../core/elements/excess.ts";
import { jsonExcess } from "../../../core/elements/json-elements.ts";
import { hasMoreProtoElements } from "../../../core/elements/proto-elements.ts";
import { messageShapeOf } from "./message-shape.ts";

const UNSCANNED_BYTES = 4_096; // a smaller message is decoded without a scan: it can have 4096 elements at most

/**
 * @param bytes       the message, decompressed, in binary or JSON
 * @param maxElements at least 1
 * @returns what the message has too much of; undefined where it may be decoded
 */
export function excessOf(type: DescMessage, bytes: Uint8Array, isBinary: boolean, maxElements: number): Excess | undefined {
  if (bytes.byteLength < UNSCANNED_BYTES) return undefined;
  if (!isBinary) return jsonExcess(bytes, maxElements);
  return hasMoreProtoElements(bytes, messageShapeOf(type), maxElements) ? "elements" : undefined;
}
