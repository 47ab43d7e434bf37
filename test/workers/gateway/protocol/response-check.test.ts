// What is logged of a response that is none: the endpoint, for operators alone, and never as a fault of the gateway's own.
import { afterEach, expect, it, vi } from "vitest";
import { gatewayTo, rest, unary } from "../../../support/gateway.ts";

afterEach(() => vi.restoreAllMocks());

it.each([
  ["a head", unary("GetUser"), () => new Response("<html>", { headers: { "content-type": "text/html" } })],
  ["a message", rest("GET", "/api/v1/users/a"), () => new Response("\xff", { headers: { "content-type": "application/proto" } })],
  ["a stream", rest("GET", "/api/v1/users:watch"), () => new Response(null, { headers: { "content-type": "application/connect+proto" } })],
])("logs %s that is none once, with its endpoint", async (_, request, upstream) => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const warnings = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false as const } };
  const text = await (await gatewayTo(upstream, { services })(request)).text();
  expect(text).not.toContain("USERS");
  const logged = warnings.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  expect(logged).toEqual([
    expect.objectContaining({
      event: "upstream_fault",
      upstream: "users.v1.UserService",
      endpoint: "USERS",
      requestId: expect.any(String),
    }),
  ]);
  expect(errors).not.toHaveBeenCalled();
});
