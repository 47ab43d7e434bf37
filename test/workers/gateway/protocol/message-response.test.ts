// Responses of the gateway itself: which encoding a caller gets.
import { expect, it } from "vitest";
import { callerContentType, messageResponse } from "../../../../workers/gateway/protocol/message-response.ts";
import { CONNECT_UNARY, REST } from "../../../../workers/gateway/protocol/protocol.ts";

const message = { binary: new Uint8Array([1]), json: new TextEncoder().encode("{}") };

it("has the encoding that the content type names, and the headers that are given", async () => {
  expect(await messageResponse(CONNECT_UNARY, "application/json", message).text()).toBe("{}");
  const binary = messageResponse(CONNECT_UNARY, "application/proto", message, { "x-a": "1" });
  expect([(await binary.arrayBuffer()).byteLength, binary.headers.get("x-a")]).toEqual([1, "1"]);
});

it("is in frames with a trailer for gRPC-Web", async () => {
  const contentType = "application/grpc-web+proto";
  const bytes = new Uint8Array(await messageResponse({ kind: "grpc_web", contentType }, contentType, message).arrayBuffer());
  expect([[...bytes.subarray(0, 7)], new TextDecoder().decode(bytes.subarray(11))]).toEqual([
    [0, 0, 0, 0, 1, 1, 0x80],
    "grpc-status: 0\r\n",
  ]);
});

it.each([
  [REST, "POST", "", "application/proto"],
  [CONNECT_UNARY, "POST", "", "application/json"],
  [CONNECT_UNARY, "GET", "?encoding=json&message=%7B%7D", "application/json"],
  [CONNECT_UNARY, "GET", "?encoding=proto&message=", "application/proto"],
] as const)("knows the content type of %o by %s%s", (protocol, method, query, want) => {
  const request = new Request("https://gateway.example/", { method, headers: { "content-type": "application/json" } });
  expect(callerContentType({ protocol, request }, query)).toBe(want);
});
