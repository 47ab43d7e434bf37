// The messages between the suite and its launchers: over pipes, each after four bytes of length (big endian).
import type { Readable, Writable } from "node:stream";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

export async function* messagesFrom<T extends DescMessage>(schema: T, pipe: Readable): AsyncGenerator<MessageShape<T>> {
  let waiting = Buffer.alloc(0);
  for await (const chunk of pipe) {
    waiting = Buffer.concat([waiting, chunk as Buffer]);
    while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
      const end = 4 + waiting.readUInt32BE(0);
      yield fromBinary(schema, waiting.subarray(4, end));
      waiting = waiting.subarray(end);
    }
  }
}

/** The first message; the pipe is left as it is. @throws Error where it ends before */
export async function messageFrom<T extends DescMessage>(schema: T, pipe: Readable): Promise<MessageShape<T>> {
  for await (const message of messagesFrom(schema, pipe)) return message;
  throw new Error(`the pipe ended before a ${schema.typeName}`);
}

export function send<T extends DescMessage>(pipe: Writable, schema: T, message: MessageShape<T>): void {
  const bytes = toBinary(schema, message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  pipe.write(Buffer.concat([length, bytes]));
}
