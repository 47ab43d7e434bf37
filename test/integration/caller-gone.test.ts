// Callers that hang up within their request: neither a fault of the gateway nor of the upstream.
import { describe, expect, it, vi } from "vitest";
import { enveloped, gatewayTo, json, unary } from "../support/gateway.ts";

function broken(like: Request, first: Uint8Array): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(first);
    },
    pull: (controller) => controller.error(new Error("Network connection lost.")),
  });
  const headers = new Headers(like.headers);
  headers.delete("content-length");
  return new Request(like.url, { method: "POST", headers, body });
}

describe("a caller that hangs up within its request", () => {
  it.each([
    ["a unary call", unary("GetUser", { id: "usr_1" }), "{"],
    ["a call of gRPC-Web", enveloped("GetUser", "application/grpc-web+json", "{}"), "\0"],
    ["a REST call", new Request("https://gateway.example/api/v1/users", { headers: { "content-type": "application/json" } }), "{"],
  ])("makes %s that is not logged, and no call of the upstream", async (_, like, first) => {
    const log = vi.spyOn(console, "error").mockReturnValue();
    let calls = 0;
    const gateway = gatewayTo(() => {
      calls += 1;
      return json({});
    });
    const response = await gateway(broken(like, new TextEncoder().encode(first)));
    expect([response.status === 499 || response.headers.get("grpc-status") === "1", calls]).toEqual([true, 0]);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });
});
