// Reads the messages of an upstream's response to a REST call: a single one, or a Connect stream of envelopes.
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createEnvelopeReadableStream } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { brokenBody, tooManyElements } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";
import { excessOf } from "../../service/limits/element-limit.ts";

/**
 * The messages of a Connect stream. Throws the ConnectError of its last envelope, a Rejected if it is not a valid stream, or the error of
 * `whyBroken` if it has no last envelope.
 */
export async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  method: DescMethod,
  maxElements: number,
  whyBroken: (error?: unknown) => ConnectError,
): AsyncIterable<Message> {
  let end: ConnectError | undefined;
  let hasEnd = false;
  try {
    for await (const { flags, data } of createEnvelopeReadableStream(body)) {
      if ((flags & endStreamFlag) === endStreamFlag) {
        end = endOf(data, method);
        hasEnd = true;
        break;
      }
      yield messageOf(data, method, maxElements);
    }
  } catch (error) {
    if (error instanceof Rejected) throw error;
    throw whyBroken(error instanceof ConnectError ? undefined : error); // connect-es blames the caller for invalid envelopes
  }
  if (!hasEnd) throw whyBroken();
  if (end !== undefined) throw end;
}

/** @throws Rejected if the last envelope is invalid */
function endOf(bytes: Uint8Array, { parent }: DescMethod): ConnectError | undefined {
  try {
    return endStreamFromJson(bytes).error;
  } catch {
    const misfit = brokenBody("ended its stream with an invalid end-of-stream message");
    throw new Rejected({ kind: "upstream_invalid", upstream: parent.typeName, ...misfit });
  }
}

/**
 * @param maxElements most elements of a message that is decoded
 * @throws Rejected if the bytes are not the method's response, or have too many elements: that is a fault of the upstream, not of the gateway
 */
export function messageOf(bytes: Uint8Array, { output, parent }: DescMethod, maxElements: number): Message {
  if (excessOf(output, bytes, true, maxElements) !== undefined)
    throw new Rejected({ kind: "upstream_invalid", upstream: parent.typeName, ...tooManyElements(maxElements) });
  try {
    return fromBinary(output, bytes);
  } catch {
    throw new Rejected({
      kind: "upstream_invalid",
      upstream: parent.typeName,
      ...brokenBody(`sent bytes that are not a ${output.typeName}`),
    });
  }
}

/**
 * The only message of a stream: the response of a method with a stream of requests and a single response.
 *
 * @throws whatever `messages` throws; Rejected if there is no message, or more than one
 */
export async function onlyMessageOf(messages: AsyncIterable<Message>, { parent }: DescMethod): Promise<Message> {
  let only: Message | undefined;
  for await (const message of messages) {
    if (only !== undefined) throw notOne(parent.typeName, "more than one message");
    only = message;
  }
  if (only === undefined) throw notOne(parent.typeName, "no message");
  return only;
}

function notOne(upstream: string, sent: string): Rejected {
  return new Rejected({ kind: "upstream_invalid", upstream, ...brokenBody(`sent ${sent} instead of one`) });
}
