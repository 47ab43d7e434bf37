// The messages of calls within the isolate: copies, within the same limits as those of requests.
import type { DescMessage, DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { tooLarge } from "../body.ts";
import { checkMessage } from "../limits/check-message.ts";
import { responseTooLarge } from "../limits/write-limit.ts";
import type { Settings } from "../settings.ts";
import { copyMessage } from "./copy-message.ts";

/** A request message as it arrives: a copy, within the limits of the host. @throws ConnectError where it is refused */
export function received(
  type: DescMessage,
  input: Message,
  { readMaxBytes: maxBytes, maxMessageElements: maxElements }: Settings,
): Message {
  const check = (encoded: Uint8Array): void => {
    if (encoded.byteLength > maxBytes) throw tooLarge(maxBytes);
    checkMessage(type, encoded, true, maxElements);
  };
  try {
    return copyMessage(type, input, { maxBytes, maxElements }, check);
  } catch (reason) {
    throw reason instanceof ConnectError ? reason : ConnectError.from(reason, Code.Internal); // the caller's own message has no binary form
  }
}

/** A response message as it is sent: a copy, so that the implementation may go on to use its own. @throws where it can't be sent */
export function sent({ name, output: type }: DescMethod, output: Message, { writeMaxBytes: maxBytes }: Settings): Message {
  const check = (encoded: Uint8Array): void => {
    if (encoded.byteLength > maxBytes) throw responseTooLarge(maxBytes);
  };
  try {
    return copyMessage(type, output, { maxBytes, maxElements: Number.POSITIVE_INFINITY }, check);
  } catch (reason) {
    if (reason instanceof ConnectError) throw reason;
    throw new Error(`the response of ${name} can't be written`, { cause: reason });
  }
}
