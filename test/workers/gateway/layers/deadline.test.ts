// Deadlines of callers and routes, and the time that is left for the upstream.
import { afterEach, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import { endOfStream, enveloped, gatewayTo, recordingGateway, rest, unary } from "../../../support/gateway.ts";

afterEach(() => void vi.useRealTimers());

const hanging = (input: Partial<GatewayInput> = {}) =>
  gatewayTo(
    (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason));
      }),
    input,
  );

it("ends a call at the timeout of its caller, in the caller's protocol", async () => {
  const answer = await hanging()(unary("GetUser", {}, { "connect-timeout-ms": "30" }));
  expect(answer.status).toBe(504);
  expect(await answer.json()).toEqual({ code: "deadline_exceeded", message: "no response within 30 ms" });
  const web = await hanging()(enveloped("GetUser", "application/grpc-web", "", { "grpc-timeout": "30m" }));
  expect(web.headers.get("grpc-status")).toBe("4");
  const stream = await hanging()(enveloped("WatchUsers", "application/connect+json", "{}", { "connect-timeout-ms": "30" }));
  expect((await endOfStream(stream)).error?.code).toBe("deadline_exceeded");
});

it("ends a call at the timeout of its route, whatever its caller requests", async () => {
  const gateway = hanging({ defaults: { readTimeoutMs: 30 } });
  expect(await (await gateway(unary("GetUser", {}, { "connect-timeout-ms": "9999999999" }))).json()).toMatchObject({
    message: "no response within 30 ms",
  });
  expect((await gateway(rest("GET", "/api/v1/users/x"))).status).toBe(504);
});

it("passes the remaining time on, less a margin: 15 s by default", async () => {
  vi.setSystemTime(Date.now());
  const { gateway, last } = recordingGateway();
  await gateway(unary("GetUser"));
  expect(last().headers.get("connect-timeout-ms")).toBe("14980");
  await gateway(unary("GetUser", {}, { "connect-timeout-ms": "1000" }));
  expect(last().headers.get("connect-timeout-ms")).toBe("980");
  await gateway(enveloped("GetUser", "application/grpc-web", "", { "grpc-timeout": "2S" }));
  expect(last().headers.get("grpc-timeout")).toBe("1980m");
});

it("ends a call whose body never ends", async () => {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
  const headers = { "content-type": "application/json", "connect-timeout-ms": "30" };
  const slow = new Request("https://gateway.example/users.v1.UserService/GetUser", { method: "POST", headers, body });
  expect(await (await recordingGateway().gateway(slow)).json()).toMatchObject({ code: "deadline_exceeded" });
});

it("refuses a timeout that it cannot read", async () => {
  const { gateway, seen } = recordingGateway();
  const answer = await gateway(unary("GetUser", {}, { "connect-timeout-ms": "soon" }));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: "invalid_argument" });
  expect(seen).toHaveLength(0);
});
