// One health check: the request that each kind sends, and which responses count as healthy.
import { expect, it } from "vitest";
import type { HealthPolicy } from "../../../core/config/health.ts";
import { isHealthy, type Send } from "../../../durable-objects/registry/health-check.ts";

const POLICY: HealthPolicy = { kind: "http", path: "/healthz", intervalMs: 1_000, timeoutMs: 5_000, healthyAfter: 1, unhealthyAfter: 1 };
const SERVING = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

/** Checks an endpoint that responds the same way to any request. @returns the result, and the request */
async function check(kind: HealthPolicy["kind"], respond: () => Response | Promise<Response>): Promise<[boolean, Request]> {
  let request = new Request("https://none.example");
  const send: Send = (url, init) => {
    request = new Request(url, init);
    return Promise.resolve(respond());
  };
  return [await isHealthy("https://a.example", { ...POLICY, kind }, send), request];
}

it.each([
  [200, true],
  [204, true],
  [302, false],
  [500, false],
])("http: a GET with status %d: %j", async (status, want) => {
  const [result, request] = await check("http", () => new Response(null, { status }));
  expect([result, request.method, request.url, request.redirect]).toEqual([want, "GET", "https://a.example/healthz", "manual"]);
});

it.each([
  [200, { status: "SERVING" }, true],
  [200, { status: "NOT_SERVING" }, false],
  [200, {}, false],
  [503, { status: "SERVING" }, false],
])("grpc: grpc.health.v1 over Connect with status %d and %j: %j", async (status, body, want) => {
  const [result, request] = await check("grpc", () => Response.json(body, { status }));
  expect([result, request.method, request.url]).toEqual([want, "POST", "https://a.example/grpc.health.v1.Health/Check"]);
  expect([request.headers.get("content-type"), request.headers.get("connect-protocol-version")]).toEqual(["application/json", "1"]);
  expect(await request.text()).toBe("{}");
});

it.each([
  ["SERVING", 200, SERVING, true],
  ["NOT_SERVING", 200, Uint8Array.of(0, 0, 0, 0, 2, 8, 2), false],
  ["no message", 200, Uint8Array.of(128, 0, 0, 0, 2, 8, 1), false],
  ["an empty body", 200, new Uint8Array(), false],
  ["an error status", 502, SERVING, false],
])("native_grpc: gRPC-Web with %s", async (_, status, body, want) => {
  const [result, request] = await check("native_grpc", () => new Response(body, { status }));
  expect([result, request.method, request.url]).toEqual([want, "POST", "https://a.example/grpc.health.v1.Health/Check"]);
  expect([request.headers.get("content-type"), request.headers.get("x-grpc-web")]).toEqual(["application/grpc-web", "1"]);
  expect(new Uint8Array(await request.arrayBuffer())).toEqual(new Uint8Array(5));
});

it.each(["http", "grpc", "native_grpc"] as const)("%s: says that it comes from a gateway", async (kind) => {
  const [, request] = await check(kind, () => new Response());
  expect([request.headers.get("tidegate-hops"), request.headers.get("cdn-loop")]).toEqual(["1", "tidegate"]);
});

it.each(["http", "grpc", "native_grpc"] as const)("%s: an endpoint that cannot be reached is not healthy", async (kind) => {
  const [result] = await check(kind, () => Promise.reject(new Error("connection refused")));
  expect(result).toBe(false);
});

it("an endpoint that does not respond within timeoutMs is not healthy", async () => {
  const hangs: Send = (_, { signal }) =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
  expect(await isHealthy("https://a.example", { ...POLICY, timeoutMs: 1 }, hangs)).toBe(false);
});

it.each(["grpc", "native_grpc"] as const)("%s: an endpoint is not healthy whose response does not end", async (kind) => {
  let chunks = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks += 1;
      controller.enqueue(new Uint8Array(1_024).fill(0x20));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const [result] = await check(kind, () => new Response(body));
  expect([result, isCancelled]).toEqual([false, true]);
  expect(chunks).toBeLessThan(10);
});
