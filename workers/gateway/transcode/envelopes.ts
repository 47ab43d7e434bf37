// Messages of a REST call as they travel behind the door: alone, or as a Connect stream of envelopes, in and out.
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createEnvelopeReadableStream, encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFlag, endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { Rejected } from "../../../core/rejection.ts";
import { encodeRequest } from "./encode.ts";

/**
 * Each message is sent on when it is whole, and none is waited for.
 *
 * @param onError told what broke the messages. The stream then breaks, too, and never ends cleanly: what has arrived is not the whole
 */
export function envelopesOf(
  messages: AsyncGenerator<Message>,
  { input }: DescMethod,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await messages.next();
          if (done === true) controller.close();
          else controller.enqueue(encodeEnvelope(0, encodeRequest(input, value)));
        } catch (error) {
          onError(error);
          controller.error(error);
        }
      },
      cancel: async () => void (await messages.return(undefined)),
    },
    { highWaterMark: 0 },
  );
}

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
