import { create, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { messageOf, messagesOf, onlyMessageOf } from "../../../../workers/gateway/transcode/upstream-messages.ts";
import { Msg, methodNamed } from "../../../transcoding/schema.ts";

const method = methodNamed("Query");
const text = (json: string): Uint8Array => new TextEncoder().encode(json);
const envelope = (s: string): Uint8Array => encodeEnvelope(0, toBinary(Msg, create(Msg, { s } as Partial<Message>)));
const END = encodeEnvelope(2, text("{}"));
const broken = (error?: unknown): ConnectError =>
  new ConnectError(`interrupted${error === undefined ? "" : ": by an error"}`, Code.Unavailable);

/** The values of `s`, and then the error, if there is one. */
async function read(...parts: Uint8Array[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  const body = new Blob(parts as Uint8Array<ArrayBuffer>[]).stream() as ReadableStream<Uint8Array>;
  try {
    for await (const message of messagesOf(body, method, 500_000, broken)) seen.push((message as unknown as { s: string }).s);
  } catch (error) {
    seen.push(error instanceof Rejected ? error.rejection : (error as Error).message);
  }
  return seen;
}

describe("messagesOf", () => {
  it("yields the messages up to the last envelope", async () => {
    expect(await read(envelope("a"), envelope("b"), END)).toEqual(["a", "b"]);
  });

  it("throws the error of the last envelope, after the messages", async () => {
    const end = encodeEnvelope(2, text('{"error":{"code":"not_found","message":"no such thing"}}'));
    expect(await read(envelope("a"), end)).toEqual(["a", "[not_found] no such thing"]);
  });

  it("throws the caller's error if the last envelope is missing, or the stream ends within an envelope", async () => {
    expect(await read(envelope("a"))).toEqual(["a", "[unavailable] interrupted"]);
    expect(await read(envelope("a"), envelope("b").subarray(0, 6))).toEqual(["a", "[unavailable] interrupted"]);
  });

  it("blames the upstream for an invalid last envelope, and for bytes that are not its message", async () => {
    expect(await read(encodeEnvelope(2, text("<html>")))).toMatchObject([
      { kind: "upstream_invalid", problem: "ended its stream with an invalid end-of-stream message" },
    ]);
    expect(await read(encodeEnvelope(0, Uint8Array.of(255)))).toMatchObject([
      { kind: "upstream_invalid", problem: "sent bytes that are not a transcoding.test.v1.Msg" },
    ]);
  });
});

describe("onlyMessageOf", () => {
  async function* several(count: number): AsyncGenerator<Message> {
    for (let n = 0; n < count; n++) yield messageOf(new Uint8Array(), method, 500_000);
  }

  it("returns the only message", async () => {
    expect((await onlyMessageOf(several(1), method)).$typeName).toBe("transcoding.test.v1.Msg");
  });

  it.each([
    [0, "sent no message instead of one"],
    [2, "sent more than one message instead of one"],
  ])("refuses %i messages", async (count, problem) => {
    await expect(onlyMessageOf(several(count), method)).rejects.toMatchObject({ rejection: { kind: "upstream_invalid", problem } });
  });
});
