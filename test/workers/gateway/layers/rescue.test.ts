// Errors as responses: faults of the gateway, and refusals of calls whose body is still open.
import { expect, it, vi } from "vitest";
import { gatewayTo, json, recordingGateway, rest, unary } from "../../../support/gateway.ts";

it("hides a fault of the gateway from callers, and logs it with the request id", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const gateway = gatewayTo(() => undefined as unknown as Response); // a fault
  const answer = await gateway(unary("GetUser", {}, { "x-request-id": "req-1" }));
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({ code: "internal", message: "internal error" });
  expect(log.mock.calls).toHaveLength(1);
  expect(JSON.parse(log.mock.calls[0]![0])).toMatchObject({
    event: "gateway_failed",
    requestId: "req-1",
    error: expect.stringContaining("TypeError"),
  });
  log.mockRestore();
});

it("logs no error of a caller", async () => {
  const log = vi.spyOn(console, "error");
  const { gateway } = recordingGateway();
  await gateway(rest("POST", "/api/v1/users", "{"));
  await gateway(unary("NoSuchMethod"));
  await gateway(unary("GetUser", {}, { "connect-timeout-ms": "soon" }));
  expect(log).not.toHaveBeenCalled();
});

it("blames a malformed message of an upstream on the upstream", async () => {
  const gateway = gatewayTo(() => new Response("\xff", { headers: { "content-type": "application/proto" } }));
  const answer = await gateway(rest("GET", "/api/v1/users/x"));
  expect(answer.status).toBe(502);
  expect(await answer.json()).toMatchObject({ message: "upstream users.v1.UserService sent bytes that are not a users.v1.User" });
});

it.each(["application/grpc", "application/connect+proto", "application/grpc-web+proto"])(
  "refuses an open stream of %s within two seconds",
  async (type) => {
    const gateway = gatewayTo(() => json({}), { discovery: false });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.write(new Uint8Array(10)).catch(() => undefined);
    const init = { method: "POST", headers: { "content-type": type }, body: readable };
    const answer = gateway(new Request("https://gateway.example/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", init));
    expect(await Promise.race([answer, scheduler.wait(30_000)])).toBeInstanceOf(Response);
  },
);
