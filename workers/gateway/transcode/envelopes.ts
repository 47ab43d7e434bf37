// Messages of the response to a REST call as the upstream sends them: one alone, or a Connect stream of envelopes.
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createEnvelopeReadableStream } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { Rejected } from "../../../core/rejection.ts";

/**
 * The messages of a Connect stream. Throws the ConnectError that stands at its end, or what `whyBroken` says where it has none.
 */
export async function* messagesOf(
  body: ReadableStream<Uint8Array>,
  method: DescMethod,
  whyBroken: (error?: unknown) => ConnectError,
): AsyncIterable<Message> {
  try {
    for await (const { flags, data } of createEnvelopeReadableStream(body)) {
      if ((flags & endStreamFlag) === endStreamFlag) {
        const { error } = endStreamFromJson(data);
        if (error !== undefined) throw error;
        return;
      }
      yield messageOf(data, method);
    }
  } catch (error) {
    throw error instanceof ConnectError ? error : whyBroken(error);
  }
  throw whyBroken();
}

/** @throws Rejected: what the upstream gets wrong is no fault of ours */
export function messageOf(bytes: Uint8Array, { output, parent }: DescMethod): Message {
  try {
    return fromBinary(output, bytes);
  } catch {
    throw new Rejected({ kind: "upstream_invalid", upstream: parent.typeName, problem: `sent what is no ${output.typeName}` });
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
  return new Rejected({ kind: "upstream_invalid", upstream, problem: `sent ${sent} where one was due` });
}
