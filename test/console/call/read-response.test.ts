// Bodies of responses in each protocol.
import { describe, expect, it } from "vitest";
import { enveloped } from "../../../console/src/call/envelopes.ts";
import { partsOf, type ResponsePart } from "../../../console/src/call/read-response.ts";

async function read(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>): Promise<ResponsePart[]> {
  const parts: ResponsePart[] = [];
  for await (const part of partsOf(new Response(body, { headers }))) parts.push(part);
  return parts;
}

function framed(...parts: readonly (readonly [flags: number, text: string])[]): Uint8Array<ArrayBuffer> {
  const whole = parts.map(([flags, text]) => {
    const bytes = enveloped([text]);
    bytes[0] = flags;
    return [...bytes];
  });
  return Uint8Array.from(whole.flat());
}

const CONNECT = { "content-type": "application/connect+json" };
const GRPC_WEB = { "content-type": "application/grpc-web+json" };

describe("the body of a response", () => {
  it("is text where it has no envelopes", async () => {
    expect(await read('{"a":"é"}', { "content-type": "application/json" })).toEqual([{ kind: "text", text: '{"a":"é"}' }]);
  });

  it("is messages and the end of a Connect stream", async () => {
    expect(await read(framed([0, '{"n":1}'], [0, '{"n":2}'], [2, "{}"]), CONNECT)).toEqual([
      { kind: "message", json: '{"n":1}' },
      { kind: "message", json: '{"n":2}' },
      { kind: "end", code: "ok", message: "" },
    ]);
  });

  it("has the error of a Connect stream", async () => {
    const end = '{"error":{"code":"unavailable","message":"try again"}}';
    expect(await read(framed([2, end]), CONNECT)).toEqual([{ kind: "end", code: "unavailable", message: "try again" }]);
  });

  it("has the trailers of gRPC-Web", async () => {
    const trailers = "grpc-status: 5\r\ngrpc-message: no%20such%20user\r\n";
    expect(await read(framed([0, "{}"], [128, trailers]), GRPC_WEB)).toEqual([
      { kind: "message", json: "{}" },
      { kind: "end", code: "not_found", message: "no such user" },
    ]);
  });

  it("has the status of gRPC-Web in its headers where there is no message", async () => {
    const headers = { ...GRPC_WEB, "grpc-status": "14", "grpc-message": "100%" };
    expect(await read("", headers)).toEqual([{ kind: "end", code: "unavailable", message: "100%" }]);
  });

  it("is no success where the stream breaks off", async () => {
    expect(await read(framed([0, "{}"]), CONNECT)).toEqual([
      { kind: "message", json: "{}" },
      { kind: "end", code: "unknown", message: "the response ended without a status" },
    ]);
  });

  it("names a message that is compressed", async () => {
    expect((await read(framed([1, "x"], [2, "{}"]), CONNECT))[0]).toEqual({ kind: "message", json: "(compressed message)" });
  });
});
