// Bodies of responses that the gateway reads or holds: bounded, whole, and what they are declared as. Limits in these tests are small.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gatewayTo, rest, USER, unary, userFor } from "../../../support/gateway.ts";

const warnings = vi.spyOn(console, "warn").mockReturnValue();
const errors = vi.spyOn(console, "error").mockReturnValue();

afterEach(() => {
  expect(errors).not.toHaveBeenCalled();
  warnings.mockClear();
});

const services = (more: object = {}) => ({
  services: { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false as const, maxResponseBytes: 100_000, ...more } },
});

/** A body of chunks that a test makes, which notes how many were read, and whether it was cancelled. */
function source(next: (number: number) => Uint8Array | Error | undefined) {
  const seen = { chunks: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = next(seen.chunks);
        seen.chunks += 1;
        if (chunk === undefined) controller.close();
        else if (chunk instanceof Error) controller.error(chunk);
        else controller.enqueue(chunk);
      },
      cancel() {
        seen.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

const faults = (): string[] => warnings.mock.calls.map(([line]) => (JSON.parse(String(line)) as { error: string }).error);

const proto = { "content-type": "application/proto" };
const json = { "content-type": "application/json" };

describe("a response over maxResponseBytes", () => {
  it("is refused while it is read, and logged once", async () => {
    const { body, seen } = source(() => new Uint8Array(10_000).fill(0x20));
    const response = await gatewayTo(() => new Response(body, { headers: proto }), services())(rest("GET", "/api/v1/users/a"));
    expect(seen).toEqual({ chunks: 11, isCancelled: true });
    expect([response.status, ((await response.json()) as { code: unknown }).code]).toEqual([502, 8]);
    expect(faults()).toEqual(["sent a response of more than 100000 bytes; the limit is maxResponseBytes"]);
  });

  it("names the setting, and not the endpoint", async () => {
    const gateway = gatewayTo(() => new Response(new Uint8Array(100_001), { headers: proto }), services());
    const { message } = (await (await gateway(rest("GET", "/api/v1/users/a"))).json()) as { message: string };
    expect(message).toBe("upstream users.v1.UserService sent a response of more than 100000 bytes; the limit is maxResponseBytes");
  });

  it("never opens a breaker: its caller may have requested that much", async () => {
    let isLarge = true;
    const upstream = (request: Request) => (isLarge ? new Response(new Uint8Array(100_001), { headers: proto }) : userFor(request));
    const gateway = gatewayTo(upstream, services({ breaker: { consecutive: 2 } }));
    for (let n = 0; n < 6; n++) expect((await gateway(rest("GET", "/api/v1/users/a"))).status).toBe(502);
    isLarge = false;
    expect(await (await gateway(rest("GET", "/api/v1/users/a"))).json()).toEqual(USER);
  });

  it("may be exactly as large", async () => {
    const padded = { ...USER, displayName: "x".repeat(99_900) };
    const gateway = gatewayTo((request) => userFor(request, padded), services());
    expect(await (await gateway(rest("GET", "/api/v1/users/a"))).json()).toEqual(padded);
  });
});

describe("a small response of a unary call", () => {
  it.each([
    ["breaks off", () => source((n) => (n === 0 ? new Uint8Array([0x7b]) : new Error("lost"))).body, json, 503, "unavailable"],
    ["is no gzip", () => new Blob(["{}"]).stream(), { ...json, "content-encoding": "gzip" }, 502, "internal"],
  ] as const)("that %s is an error, and never a part", async (_, body, headers, status, code) => {
    const upstream = () => new Response(body(), { headers, encodeBody: "manual" });
    const response = await gatewayTo(upstream, services())(unary("GetUser", {}, { "accept-encoding": "gzip" }));
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
    expect(faults()).toHaveLength(1);
  });

  it("is not waited for past the deadline", async () => {
    let isAborted = false;
    const upstream = ({ signal }: Request): Response => {
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
        await scheduler.wait(20);
        isAborted = signal.aborted;
        if (isAborted) controller.error(signal.reason);
        else controller.enqueue(new Uint8Array([0x20]));
      };
      return new Response(new ReadableStream<Uint8Array>({ pull }), { headers: json });
    };
    const response = await gatewayTo(upstream, services({ readTimeoutMs: 400 }))(unary("GetUser"));
    expect([response.status, await response.json()]).toEqual([504, expect.objectContaining({ code: "deadline_exceeded" })]);
    expect(isAborted).toBe(true);
  });
});

describe("the memory for responses that are read", () => {
  const input = { ...services({ maxResponseBytes: 1_000_000 }), overload: { memoryBytes: 1_048_576 } };
  const padded = (bytes: number) => (request: Request) => userFor(request, { ...USER, displayName: "x".repeat(bytes) });

  it("is reserved: a response without room is refused, and its body is not read on", async () => {
    const { body, seen } = source(() => new Uint8Array(10_000).fill(0x20));
    const response = await gatewayTo(() => new Response(body, { headers: proto }), input)(rest("GET", "/api/v1/users/a"));
    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ code: 14 })]);
    expect(seen.chunks).toBe(33); // the next one needs a buffer of 640,000 bytes, and a caller may hold half of the budget
    expect(seen.isCancelled).toBe(true);
  });

  it.each([
    ["REST", () => rest("GET", "/api/v1/users/a"), 250_000],
    ["Connect", () => unary("GetUser", { id: "a" }), 60_000],
  ] as const)("is released with the call: %s", async (_, request, bytes) => {
    const gateway = gatewayTo(padded(bytes), input);
    for (let n = 0; n < 30; n++) expect((await gateway(request())).status).toBe(200);
  });

  it("is released where the cache fetches", async () => {
    let calls = 0;
    const upstream = (request: Request): Response => {
      calls += 1;
      return padded(200_000)(request);
    };
    const cached = { ...services({ maxResponseBytes: 1_000_000, cache: { l2: "none" } }), overload: { memoryBytes: 1_048_576 } };
    const gateway = gatewayTo(upstream, cached);
    for (let n = 0; n < 20; n++) expect((await gateway(unary("GetUser", { id: `usr_${n}` }))).status).toBe(200);
    expect(calls).toBe(20);
  });
});

describe("a message with more than maxResponseElements", () => {
  /** Field 1 of a user, over and over. */
  const elements = (count: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: 3 * count }, (_, at) => [10, 1, 97][at % 3]!);

  it("is refused before it is decoded", async () => {
    const gateway = gatewayTo(() => new Response(elements(3_001), { headers: proto }), services({ maxResponseElements: 3_000 }));
    const response = await gateway(rest("GET", "/api/v1/users/a"));
    const message = "upstream users.v1.UserService sent a message of more than 3000 elements; the limit is maxResponseElements";
    expect([response.status, await response.json()]).toEqual([502, { code: 8, message, details: [] }]);
    expect(faults()).toHaveLength(1);
  });

  it("is refused within a stream", async () => {
    const empty = Uint8Array.from({ length: 6_002 }, (_, at) => [10, 0][at % 2]!); // field 1 without content, over and over
    const upstream = () => new Response(new Blob([encodeEnvelope(0, empty)]), { headers: { "content-type": "application/connect+proto" } });
    const gateway = gatewayTo(upstream, services({ maxResponseElements: 3_000 }));
    const response = await gateway(rest("GET", "/api/v1/users:watch"));
    expect([response.status, await response.json()]).toEqual([502, expect.objectContaining({ code: 8 })]);
  });

  it("may be exactly as large, and passes where it is not decoded", async () => {
    const upstream = () => new Response(elements(3_000), { headers: proto });
    const decoded = await gatewayTo(upstream, services({ maxResponseElements: 3_000 }))(rest("GET", "/api/v1/users/a"));
    expect(decoded.status, await decoded.text()).toBe(200);
    const passed = await gatewayTo(
      upstream,
      services({ maxResponseElements: 1 }),
    )(unary("GetUser", "", { "content-type": "application/proto" }));
    expect([passed.status, (await passed.arrayBuffer()).byteLength]).toEqual([200, 9_000]);
  });
});

it("an error of more than 64 KiB is none of an RPC", async () => {
  const large = JSON.stringify({ code: "not_found", message: "x".repeat(70_000) });
  const gateway = gatewayTo(() => new Response(large, { status: 404, headers: json }), services());
  const text = await (await gateway(unary("GetUser"))).text();
  expect(text).not.toContain("xxx");
  expect(JSON.parse(text)).toMatchObject({ code: "unimplemented" });
});
