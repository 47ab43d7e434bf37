// Messages of the response to a REST call as the upstream sends them: one alone, or a Connect stream of envelopes.
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createEnvelopeReadableStream } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { brokenBody } from "../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../core/rejection.ts";

/**
 * The messages of a Connect stream. Throws the ConnectError that stands at its end, the Rejected of what is no stream, or what `whyBroken`
 * says where it has no end.
 */
export async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  method: DescMethod,
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
      yield messageOf(data, method);
    }
  } catch (error) {
    if (error instanceof Rejected) throw error;
    throw whyBroken(error instanceof ConnectError ? undefined : error); // what is no stream of envelopes is no fault of the caller's
  }
  if (!hasEnd) throw whyBroken();
  if (end !== undefined) throw end;
}

/** @throws Rejected where the end of the stream can't be read */
function endOf(bytes: Uint8Array, { parent }: DescMethod): ConnectError | undefined {
  try {
    return endStreamFromJson(bytes).error;
  } catch {
    const misfit = brokenBody("ended its stream with bytes that are no end-of-stream message");
    throw new Rejected({ kind: "upstream_invalid", upstream: parent.typeName, ...misfit });
  }
}

/** @throws Rejected: what the upstream gets wrong is no fault of ours */
export function messageOf(bytes: Uint8Array, { output, parent }: DescMethod): Message {
  try {
    return fromBinary(output, bytes);
  } catch {
    throw new Rejected({ kind: "upstream_invalid", upstream: parent.typeName, ...brokenBody(`sent bytes that are no ${output.typeName}`) });
  }
}

/**
 * The one message of a stream that has to have one: what a method with a stream of requests and a single response sends.
 *
 * @throws what `messages` throws; Rejected where there is no message, or more than one
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
  return new Rejected({ kind: "upstream_invalid", upstream, ...brokenBody(`sent ${sent} where one was due`) });
}
