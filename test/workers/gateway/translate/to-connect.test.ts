import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { joinBytes } from "../../../../core/bytes.ts";
import type { Outgoing } from "../../../../workers/gateway/call/outgoing.ts";
import { readEnvelopes } from "../../../../workers/gateway/translate/envelopes.ts";
import { streamFromConnect, toConnect, unaryFromConnect } from "../../../../workers/gateway/translate/to-connect.ts";

const MESSAGE = Uint8Array.of(1, 2, 3);
const interrupted = (): ConnectError => new ConnectError("interrupted", Code.Unavailable);

function outgoing(headers: Record<string, string>): Outgoing {
  const all = { "content-type": "application/grpc-web+proto", "x-grpc-web": "1", "grpc-timeout": "1S", ...headers };
  return { method: "POST", path: "/a.B/C", query: "", headers: new Headers(all), body: null } as unknown as Outgoing;
}

/** Messages and trailers of a gRPC-Web response. */
async function envelopesOf(response: Response): Promise<{ messages: Uint8Array[]; trailers: string }> {
  const envelopes = readEnvelopes(new Uint8Array(await response.arrayBuffer()))!;
  const trailers = envelopes.filter(({ flags }) => (flags & 0x80) !== 0);
  expect(trailers).toHaveLength(1);
  const messages = envelopes.filter(({ flags }) => (flags & 0x80) === 0).map(({ data }) => data);
  return { messages, trailers: new TextDecoder().decode(trailers[0]!.data) };
}

describe("toConnect", () => {
  it("sends the message of a unary call without its envelope", () => {
    const call = outgoing({});
    toConnect(call, true, encodeEnvelope(0, MESSAGE));
    expect(call.body).toEqual(MESSAGE);
    expect(call.headers.get("content-type")).toBe("application/proto");
    expect(call.headers.get("connect-protocol-version")).toBe("1");
    expect([call.headers.has("x-grpc-web"), call.headers.has("grpc-timeout"), call.headers.get("connect-timeout-ms")]).toEqual([
      false,
      false,
      "1S", // dispatch replaces the value
    ]);
  });

  it.each([
    [new Uint8Array(), "this request has 0", Code.Unimplemented],
    [joinBytes([encodeEnvelope(0, MESSAGE), encodeEnvelope(0, MESSAGE)]), "this request has 2", Code.Unimplemented],
    [encodeEnvelope(0, MESSAGE).slice(0, 6), "ends within a message", Code.InvalidArgument],
    [encodeEnvelope(1, MESSAGE), "header grpc-encoding is missing", Code.Internal],
  ])("refuses the body %j: %s", (body, message, code) => {
    expect(() => toConnect(outgoing({}), true, body)).toThrow(
      expect.objectContaining({ rawMessage: expect.stringContaining(message), code }),
    );
  });

  it("names the encoding of a compressed message, and none for a plain one", () => {
    const compressed = outgoing({ "grpc-encoding": "gzip" });
    toConnect(compressed, true, encodeEnvelope(1, MESSAGE));
    expect(compressed.headers.get("content-encoding")).toBe("gzip");
    const plain = outgoing({ "grpc-encoding": "gzip" });
    toConnect(plain, true, encodeEnvelope(0, MESSAGE));
    expect(plain.headers.has("content-encoding")).toBe(false);
  });
});

describe("unaryFromConnect", () => {
  it("puts message and trailers into envelopes", async () => {
    const headers = { "content-type": "application/proto", "x-own": "1", "trailer-x-end": "2" };
    const response = await unaryFromConnect(new Response(MESSAGE, { headers }), "proto");
    expect(response.headers.get("content-type")).toBe("application/grpc-web+proto");
    expect(response.headers.get("x-own")).toBe("1");
    const { messages, trailers } = await envelopesOf(response);
    expect(messages).toEqual([MESSAGE]);
    expect(trailers).toContain("grpc-status: 0");
    expect(trailers).toContain("x-end: 2");
  });

  it("turns an error of Connect into a status of gRPC", async () => {
    const error = Response.json({ code: "not_found", message: "no such user" }, { status: 404 });
    const { messages, trailers } = await envelopesOf(await unaryFromConnect(error, "proto"));
    expect(messages).toEqual([]);
    expect(trailers).toContain("grpc-status: 5");
    expect(trailers).toContain("no%20such%20user");
  });
});

describe("streamFromConnect", () => {
  it("passes messages and turns the end of the stream into trailers", async () => {
    const end = encodeEnvelope(2, new TextEncoder().encode('{"error":{"code":"aborted","message":"m"},"metadata":{"x-end":["1"]}}'));
    const body = new Response(joinBytes([encodeEnvelope(0, MESSAGE), end]), { headers: { "content-type": "application/connect+proto" } });
    const { messages, trailers } = await envelopesOf(streamFromConnect(body, "proto", interrupted));
    expect(messages).toEqual([MESSAGE]);
    expect(trailers).toContain("grpc-status: 10");
    expect(trailers).toContain("x-end: 1");
  });

  it("reports a response that is not a stream, and one without an end", async () => {
    const html = new Response("<html>", { status: 502 });
    expect((await envelopesOf(streamFromConnect(html, "proto", interrupted))).trailers).toContain("grpc-status: 14");
    const cut = new Response(encodeEnvelope(0, MESSAGE), { headers: { "content-type": "application/connect+proto" } });
    expect((await envelopesOf(streamFromConnect(cut, "proto", interrupted))).trailers).toContain("interrupted");
  });
});
