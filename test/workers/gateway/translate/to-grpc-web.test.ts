import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { joinBytes } from "../../../../core/bytes.ts";
import type { Outgoing } from "../../../../workers/gateway/call/outgoing.ts";
import { readEnvelopes } from "../../../../workers/gateway/translate/envelopes.ts";
import { streamFromGrpcWeb, toGrpcWeb, unaryFromGrpcWeb } from "../../../../workers/gateway/translate/to-grpc-web.ts";

const MESSAGE = Uint8Array.of(1, 2, 3);
const TYPE = { "content-type": "application/grpc-web+proto" };
const interrupted = (): ConnectError => new ConnectError("interrupted", Code.Unavailable);
const same = (error: ConnectError): ConnectError => error;
const trailers = (text: string): Uint8Array => encodeEnvelope(0x80, new TextEncoder().encode(text));

function outgoing(more: Partial<Outgoing> = {}): Outgoing {
  const headers = new Headers({ "content-type": "application/proto", "connect-protocol-version": "1", "connect-timeout-ms": "1000" });
  return { method: "POST", path: "/a.B/C", query: "", headers, body: null, ...more } as unknown as Outgoing;
}

describe("toGrpcWeb", () => {
  it("sends the message of a unary call in an envelope", () => {
    const call = outgoing();
    toGrpcWeb(call, true, MESSAGE);
    expect(call.body).toEqual(encodeEnvelope(0, MESSAGE));
    expect(Object.fromEntries(call.headers)).toEqual({
      "content-type": "application/grpc-web+proto",
      "x-grpc-web": "1",
      "accept-encoding": "identity",
      "grpc-timeout": "1000", // dispatch replaces the value
    });
  });

  it("turns a GET into a POST with the message of its query", () => {
    const call = outgoing({ method: "GET", query: "?encoding=json&message=%7B%7D", headers: new Headers() });
    toGrpcWeb(call, true, null);
    expect([call.method, call.query, call.headers.get("content-type")]).toEqual(["POST", "", "application/grpc-web+json"]);
    expect(call.body).toEqual(encodeEnvelope(0, new TextEncoder().encode("{}")));
    const invalid = outgoing({ method: "GET", query: "?encoding=xml&message=x", headers: new Headers() });
    expect(() => toGrpcWeb(invalid, true, null)).toThrow('query parameter "encoding" is "xml"; write proto or json');
  });

  it("sets the compressed flag of an encoded message", () => {
    const headers = new Headers({ "content-type": "application/proto", "content-encoding": "gzip" });
    const call = outgoing({ headers });
    toGrpcWeb(call, true, MESSAGE);
    expect(call.body).toEqual(encodeEnvelope(1, MESSAGE));
    expect(headers.get("grpc-encoding")).toBe("gzip");
  });
});

describe("unaryFromGrpcWeb", () => {
  const unary = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = TYPE, status = 200) =>
    unaryFromGrpcWeb(new Response(body, { status, headers }), same);

  it("returns the message, and trailers as headers", async () => {
    const response = await unary(joinBytes([encodeEnvelope(0, MESSAGE), trailers("grpc-status: 0\r\nx-end: 1\r\n")]));
    expect(response.headers.get("content-type")).toBe("application/proto");
    expect(response.headers.get("trailer-x-end")).toBe("1");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(MESSAGE);
  });

  it.each<[string, Uint8Array<ArrayBuffer>, Record<string, string>, number, string, string]>([
    ["a status", joinBytes([trailers("grpc-status: 5\r\ngrpc-message: gone\r\n")]), TYPE, 200, "not_found", "gone"],
    ["a status in the headers", new Uint8Array(), { ...TYPE, "grpc-status": "8" }, 200, "resource_exhausted", ""],
    ["no message", joinBytes([trailers("grpc-status: 0\r\n")]), TYPE, 200, "unimplemented", "with 0 messages"],
    ["no status", joinBytes([encodeEnvelope(0, MESSAGE), trailers("x: 1\r\n")]), TYPE, 200, "internal", "have no grpc-status"],
    ["an HTTP error", new Uint8Array(), { "content-type": "text/html" }, 503, "unavailable", "status 503"],
    ["another content type", new Uint8Array(), { "content-type": "text/html" }, 200, "unknown", 'content type "text/html"'],
  ])("turns %s into an error of Connect", async (_name, body, headers, status, code, message) => {
    const response = await unary(body, headers, status);
    expect(response.status).toBeGreaterThanOrEqual(400);
    const error = (await response.json()) as { code: string; message?: string };
    expect(error.code).toBe(code);
    expect(error.message ?? "").toContain(message);
  });
});

describe("streamFromGrpcWeb", () => {
  const stream = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = TYPE) => {
    const response = streamFromGrpcWeb(new Response(body, { headers }), interrupted, same);
    const envelopes = readEnvelopes(new Uint8Array(await response.arrayBuffer()))!;
    const end = JSON.parse(new TextDecoder().decode(envelopes.at(-1)!.data)) as { error?: { code: string }; metadata?: object };
    return { envelopes, end, type: response.headers.get("content-type") };
  };

  it("passes messages and turns trailers into the end of the stream", async () => {
    const { envelopes, end, type } = await stream(joinBytes([encodeEnvelope(0, MESSAGE), trailers("grpc-status: 0\r\nx-end: 1\r\n")]));
    expect(type).toBe("application/connect+proto");
    expect(envelopes.map(({ flags }) => flags)).toEqual([0, 2]);
    expect(end).toEqual({ metadata: { "x-end": ["1"] } });
  });

  it.each<[string, Uint8Array<ArrayBuffer>, Record<string, string>, string]>([
    ["a status", joinBytes([trailers("grpc-status: 10\r\n")]), TYPE, "aborted"],
    ["a missing end", joinBytes([encodeEnvelope(0, MESSAGE)]), TYPE, "unavailable"],
    ["a refusal in the headers", new Uint8Array(), { ...TYPE, "grpc-status": "7" }, "permission_denied"],
  ])("ends the stream with an error for %s", async (_name, body, headers, code) => {
    expect((await stream(body, headers)).end.error?.code).toBe(code);
  });
});
