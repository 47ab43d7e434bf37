// Messages of request streams are counted before they are decoded, compressed or not.
import { Code } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { compressions } from "../../../../workers/service/compression.ts";
import { limitStream } from "../../../../workers/service/limits/limit-stream.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";
import { failureOf, gzip } from "../../services/support.ts";

const { input } = UserService.method.watchUsers;
const BINARY = { isBinary: true, endFlag: 2 };
const settings = settingsOf({ maxMessageElements: 27_000, readMaxBytes: 20_000 });
// Nine elements each.
const unknownFields = (count: number): Uint8Array<ArrayBuffer> => new Uint8Array(2 * count).map((_, at) => (at % 2 === 0 ? 0x78 : 0));
const gzipOf = compressions.find(({ name }) => name === "gzip")!;

async function* chunksOf(...envelopes: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const envelope of envelopes) for (let at = 0; at < envelope.byteLength; at += 1_000) yield envelope.subarray(at, at + 1_000);
}

async function lengths(stream: AsyncIterable<Uint8Array>): Promise<number[]> {
  const all: number[] = [];
  for await (const envelope of stream) all.push(envelope.byteLength);
  return all;
}

it("passes messages within the limits, decompressed", async () => {
  const message = unknownFields(3_000);
  const end = encodeEnvelope(2, new Uint8Array([1])); // no message
  const body = chunksOf(encodeEnvelope(0, message), encodeEnvelope(1, await gzip(message)), end);
  expect(await lengths(limitStream(body, input, BINARY, gzipOf, settings))).toEqual([6_005, 6_005, 6]);
});

it.each([
  ["too many elements", encodeEnvelope(0, unknownFields(3_001)), Code.ResourceExhausted, /more than 27000 elements/],
  ["a length that no message has", Uint8Array.from([0, 255, 255, 255, 255, 1]), Code.ResourceExhausted, /4294967295|20000/],
])("refuses %s", async (_name, envelope, code, message) => {
  const error = await failureOf(limitStream(chunksOf(envelope), input, BINARY, null, settings));
  expect([error.code, error.rawMessage]).toEqual([code, expect.stringMatching(message)]);
});

it("refuses too many elements in a compressed message, and JSON that nests too deep", async () => {
  const compressed = encodeEnvelope(1, await gzip(unknownFields(3_001)));
  expect((await failureOf(limitStream(chunksOf(compressed), input, BINARY, gzipOf, settings))).code).toBe(Code.ResourceExhausted);
  const deep = encodeEnvelope(0, new TextEncoder().encode("[".repeat(5_000)));
  expect((await failureOf(limitStream(chunksOf(deep), input, { ...BINARY, isBinary: false }, null, settings))).code).toBe(
    Code.InvalidArgument,
  );
});

it.each([1, 4, 5, 6])("refuses a stream that ends after %i bytes of a message", async (bytes) => {
  const body = chunksOf(encodeEnvelope(0, unknownFields(1)), encodeEnvelope(0, unknownFields(1)).slice(0, bytes));
  const error = await failureOf(limitStream(body, input, BINARY, null, settings));
  expect([error.code, error.rawMessage]).toEqual([Code.InvalidArgument, expect.stringMatching(/within a message|incomplete envelope/)]);
});
