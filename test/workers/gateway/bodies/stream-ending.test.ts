// Streams of responses that end with an error in the protocol of their reader.
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../core/rejection.ts";
import { errorEnvelope, streamEnding, withEnding } from "../../../../workers/gateway/bodies/stream-ending.ts";
import type { Protocol } from "../../../../workers/gateway/protocol/protocol.ts";

const GRPC_WEB: Protocol = { kind: "grpc_web", contentType: "application/grpc-web" };
const CONNECT: Protocol = { kind: "connect_stream", contentType: "application/connect+proto" };
const RUNNING = { receivedAt: 0, deadlineAt: Number.POSITIVE_INFINITY, signal: null };
const LATE = { ...RUNNING, deadlineAt: 0 };
const MESSAGE = new Uint8Array([0, 0, 0, 0, 1, 7]);
const callIn = (protocol: Protocol) => ({ protocol, reason: undefined, code: "" });
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes?.subarray(5));

it("writes an error as the last envelope of each protocol", () => {
  const error = new ConnectError("gone", Code.Unavailable);
  const [web, connect] = [errorEnvelope(GRPC_WEB, error), errorEnvelope(CONNECT, error)];
  expect([web[0], connect[0]]).toEqual([0x80, 2]);
  expect(text(web)).toContain("grpc-status: 14");
  expect(JSON.parse(text(connect))).toEqual({ error: { code: "unavailable", message: "gone" } });
});

describe("an ending", () => {
  it("reports a refusal of the gateway, and the deadline once that has passed", () => {
    const refused = new Rejected({ kind: "body_too_large", maxBytes: 9 });
    expect(text(streamEnding(CONNECT, RUNNING, callIn(CONNECT)).lastBytes(refused))).toContain("resource_exhausted");
    expect(text(streamEnding(CONNECT, LATE, callIn(CONNECT)).lastBytes(new Error("reset")))).toContain("deadline_exceeded");
  });

  it.each([
    [CONNECT, 2],
    [GRPC_WEB, 0x80],
  ])("adds nothing to a stream that has ended: $kind", (protocol, flag) => {
    const ending = streamEnding(protocol, LATE, callIn(protocol));
    ending.observe(MESSAGE);
    expect(ending.lastBytes(new Error("reset"))!.byteLength).toBeGreaterThan(0);
    ending.observe(new Uint8Array([flag, 0, 0, 0, 2, 123, 125]));
    expect(ending.lastBytes(new Rejected({ kind: "caller_gone" }))).toEqual(new Uint8Array());
  });

  it("has no bytes for an upstream that breaks off in time, and none within a message", () => {
    expect(streamEnding(CONNECT, RUNNING, callIn(CONNECT)).lastBytes(new Error("reset"))).toBeUndefined();
    const within = streamEnding(CONNECT, LATE, callIn(CONNECT));
    within.observe(MESSAGE.subarray(0, 5));
    expect(within.lastBytes(new Error("reset"))).toBeUndefined();
    within.observe(MESSAGE.subarray(5));
    expect(within.lastBytes(new Error("reset"))).toBeDefined();
  });
});

it("ends a stream that fails with the bytes of its ending, after all that came before", async () => {
  let isFirst = true;
  const failing = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isFirst) controller.enqueue(MESSAGE);
      else controller.error(new Error("reset"));
      isFirst = false;
    },
  });
  const bytes = new Uint8Array(await new Response(withEnding(failing, streamEnding(CONNECT, LATE, callIn(CONNECT)))).arrayBuffer());
  expect(bytes.subarray(0, 6)).toEqual(MESSAGE);
  expect(text(bytes.subarray(6))).toContain("deadline_exceeded");
});
