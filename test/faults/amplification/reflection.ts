// Reflection: small questions with large answers. A stream has few messages, each is bounded, and a descriptor is sent once.
import type { FaultBench } from "../bench.ts";
import { exchange, request } from "../wire.ts";

const KIB = 1_024;
const MAX_MESSAGE_BYTES = 256 * KIB;
const MAX_MESSAGES = 16;
const QUESTIONS = 5_000;
const SYMBOL = "orders.v1.OrderService";

/** So many questions for the file of a symbol, in one stream. */
function questions(count: number): Buffer {
  const message = Buffer.concat([Buffer.from([0x22, SYMBOL.length]), Buffer.from(SYMBOL)]); // file_containing_symbol = 4
  const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const body = Buffer.concat(Array.from({ length: count }, () => envelope));
  return request("POST /grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ["content-type: application/connect+proto"], body);
}

/** Sizes of the messages of a stream, without its end. */
function messageSizes(stream: Buffer): number[] {
  const sizes: number[] = [];
  for (let at = 0; at + 5 <= stream.length; ) {
    const size = stream.readUInt32BE(at + 1);
    if ((stream[at]! & 2) === 0) sizes.push(size);
    at += 5 + size;
  }
  return sizes;
}

export async function reflection({ gateway }: FaultBench): Promise<{ readonly summary: string; readonly problems: readonly string[] }> {
  const sent = questions(QUESTIONS);
  const { body } = await exchange(gateway.port, [sent], { waitMs: 300_000 });
  const sizes = messageSizes(body);
  const largest = Math.max(0, ...sizes);
  const repeated = sizes.slice(1).reduce((sum, size) => sum + size, 0);
  const problems: string[] = [];
  if (sizes.length === 0 || sizes.length > MAX_MESSAGES) problems.push(`reflection: ${sizes.length} messages in a stream`);
  if (largest > MAX_MESSAGE_BYTES) problems.push(`reflection: a message of ${largest} bytes`);
  if (repeated > largest) problems.push(`reflection: ${repeated} bytes in the answers that repeat the first`);
  const summary = `reflection: ${QUESTIONS} questions in one stream (${sent.length} bytes): ${sizes.length} messages, the largest ${largest} bytes, ${body.length} bytes in all`;
  return { summary, problems };
}
