// Checks the bytes of a message that a host is about to decode: its elements, and that all decoders read them as the same message.
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describeExcess } from "../../../core/elements/excess.ts";
import { isWellFormedProto } from "../../../core/elements/proto-form.ts";
import { excessOf } from "./element-limit.ts";
import { messageShapeOf } from "./message-shape.ts";

/**
 * @param bytes the message, decompressed, in binary or JSON
 * @throws ConnectError `resource_exhausted` for too many elements, `invalid_argument` for bytes that are no message
 */
export function checkMessage(type: DescMessage, bytes: Uint8Array, isBinary: boolean, maxElements: number): void {
  const excess = excessOf(type, bytes, isBinary, maxElements);
  if (excess !== undefined) {
    const code = excess === "elements" ? Code.ResourceExhausted : Code.InvalidArgument;
    throw new ConnectError(`message ${describeExcess(excess, maxElements, "maxMessageElements of the service")}`, code);
  }
  if (!isBinary || isWellFormedProto(bytes, messageShapeOf(type))) return;
  throw new ConnectError(`message is no ${type.typeName}: a field is cut, or has another type on the wire`, Code.InvalidArgument);
}
