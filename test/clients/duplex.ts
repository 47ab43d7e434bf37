// Full duplex without any client library: envelopes over one HTTP/1.1 request, each sent after the response to the one before has arrived.
import { type IncomingMessage, request } from "node:http";
import { request as requestTls } from "node:https";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";

export interface Duplex<I extends DescMessage, O extends DescMessage> {
  readonly origin: string;
  readonly path: string; // "/lab.v1.ChatService/Chat"
  readonly contentType: string;
  readonly input: I;
  readonly output: O;
}

/** @returns the responses; the second message is sent only when the first response has been read */
export async function converse<I extends DescMessage, O extends DescMessage>(
  { origin, path, contentType, input, output }: Duplex<I, O>,
  messages: readonly MessageInitShape<I>[],
): Promise<MessageShape<O>[]> {
  const send = origin.startsWith("https:") ? requestTls : request;
  const headers = { "content-type": contentType, "connect-protocol-version": "1", "transfer-encoding": "chunked" };
  const call = send(origin + path, { method: "POST", headers });
  const started = new Promise<IncomingMessage>((resolve, reject) => call.on("response", resolve).on("error", reject));
  let buffered = Buffer.alloc(0);
  let chunks: AsyncIterator<Buffer> | undefined;
  const next = async (): Promise<Buffer> => {
    const response = await started;
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
    chunks ??= response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    for (;;) {
      const size = buffered.length < 5 ? undefined : 5 + buffered.readUInt32BE(1);
      if (size !== undefined && buffered.length >= size) {
        const envelope = buffered.subarray(0, size);
        buffered = buffered.subarray(size);
        return envelope;
      }
      const { done, value } = await chunks.next();
      if (done === true) throw new Error(`the response ended after ${buffered.length} bytes of an envelope`);
      buffered = Buffer.concat([buffered, value]);
    }
  };
  const responses: MessageShape<O>[] = [];
  for (const message of messages) {
    const bytes = toBinary(input, create(input, message));
    const envelope = Buffer.alloc(5 + bytes.length);
    envelope.writeUInt32BE(bytes.length, 1);
    envelope.set(bytes, 5);
    call.write(envelope);
    const response = await next();
    if (response[0] !== 0) throw new Error(`an envelope with flags ${response[0]} instead of a response: ${response.subarray(5)}`);
    responses.push(fromBinary(output, response.subarray(5)));
  }
  call.end();
  const end = await next();
  const text = end.subarray(5).toString();
  if (contentType.startsWith("application/grpc-web") ? !/grpc-status: ?0/.test(text) : text.includes('"error"'))
    throw new Error(`the stream ended with ${text}`);
  return responses;
}
