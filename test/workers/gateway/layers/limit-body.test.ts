// Bounds of request bodies, in every protocol.
import { expect, it } from "vitest";
import { enveloped, recordingGateway, rest, unary } from "../../../support/gateway.ts";

const SMALL = { defaults: { maxBodyBytes: 100 } };
const chunked = (method: string, contentType: string, bytes: Uint8Array): Request => {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 10) controller.enqueue(bytes.subarray(at, at + 10));
      controller.close();
    },
  });
  return new Request(`https://gateway.example/users.v1.UserService/${method}`, {
    method: "POST",
    headers: { "content-type": contentType },
    body,
  });
};

it("refuses a body above the limit of the route, of declared or unknown length, in the caller's protocol", async () => {
  const { gateway, seen } = recordingGateway(SMALL);
  const large = { displayName: "x".repeat(200) };
  const declared = await gateway(unary("CreateUser", large));
  expect(declared.status).toBe(429);
  expect(await declared.json()).toMatchObject({ code: "resource_exhausted", message: "request is larger than 100 bytes" });
  const counted = await gateway(chunked("CreateUser", "application/json", new Uint8Array(200)));
  expect(await counted.json()).toMatchObject({ code: "resource_exhausted" });
  expect((await gateway(rest("POST", "/api/v1/users", large))).status).toBe(413);
  expect((await gateway(enveloped("GetUser", "application/grpc-web", new Uint8Array(200)))).headers.get("grpc-status")).toBe("8");
  expect(seen).toHaveLength(0);
});

it("lets a body of unknown length through that is small enough, whole", async () => {
  const { gateway, last } = recordingGateway(SMALL);
  await gateway(chunked("GetUser", "application/json", new TextEncoder().encode('{"id":"usr_01arz3ndektsv4rrffq69g5fav"}')));
  expect(await last().json()).toEqual({ id: "usr_01arz3ndektsv4rrffq69g5fav" });
});
