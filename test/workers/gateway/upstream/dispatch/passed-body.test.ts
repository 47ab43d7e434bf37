// Bodies that pass through the gateway: they are counted, and end at a limit or at the deadline, and so does the work of the upstream.
import { env } from "cloudflare:workers";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configure } from "../../../../../workers/gateway/configure/configuration.ts";
import { createGateway } from "../../../../../workers/gateway/gateway.ts";
import { endOfStream, enveloped, gatewayTo, unary } from "../../../../support/gateway.ts";
import { catalog } from "../../../../support/shipped/catalog.ts";

const warnings = vi.spyOn(console, "warn").mockReturnValue();
const errors = vi.spyOn(console, "error").mockReturnValue();

afterEach(() => {
  expect(errors).not.toHaveBeenCalled();
  warnings.mockClear();
});

const faults = (): string[] => warnings.mock.calls.map(([line]) => (JSON.parse(String(line)) as { error: string }).error);

/** A body that sends chunks, with a pause before each, until it is cancelled or the request is aborted. */
function sending({ signal }: Request, chunk: Uint8Array, everyMs: number, seen: { isEnded: boolean }): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await scheduler.wait(everyMs);
        if (signal.aborted) {
          seen.isEnded = true;
          controller.error(signal.reason);
        } else controller.enqueue(chunk);
      },
      cancel() {
        seen.isEnded = true;
      },
    },
    { highWaterMark: 0 },
  );
}

function httpGateway(upstream: (request: Request) => Response, settings: object) {
  const binding = { fetch: (url: string, init: RequestInit) => Promise.resolve(upstream(new Request(url, init))) };
  const input = { services: {}, httpRoutes: { "/files/": { upstream: { binding: "FILES" }, ...settings } } };
  const gateway = createGateway(configure(input, catalog, { TOKEN_BUCKET: env.TOKEN_BUCKET, FILES: binding }));
  return () => gateway(new Request("https://gateway.example/files/a"));
}

describe("plain HTTP", () => {
  it("ends at maxResponseBytes, and logs it once", async () => {
    const seen = { isEnded: false };
    const get = httpGateway((request) => new Response(sending(request, new Uint8Array(1_000), 0, seen)), { maxResponseBytes: 5_500 });
    const response = await get();
    const reader = response.body!.getReader();
    let size = 0;
    const failure = await (async () => {
      for (;;) size += (await reader.read()).value!.byteLength;
    })().catch((error: unknown) => error);
    expect([size, failure]).toEqual([5_000, expect.any(Error)]);
    expect(seen.isEnded).toBe(true);
    expect(faults()).toEqual(["sent a response of more than 5500 bytes; the limit is maxResponseBytes"]);
  });

  it("may be unlimited", async () => {
    const whole = new Uint8Array(200_000);
    const get = httpGateway(() => new Response(new Blob([whole]).stream()), { maxResponseBytes: "unlimited" });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(200_000);
  });

  it("passes at once what is sent slowly, and ends it at the deadline", async () => {
    const seen = { isEnded: false };
    const get = httpGateway((request) => new Response(sending(request, new Uint8Array([1]), 20, seen)), { readTimeoutMs: 500 });
    const reader = (await get()).body!.getReader();
    expect((await reader.read()).value).toEqual(new Uint8Array([1]));
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow();
    expect(seen.isEnded).toBe(true);
    expect(faults()).toEqual(["did not end its response in time"]);
  });

  it("that its caller reads slowly is no fault of the endpoint", async () => {
    const seen = { isEnded: false };
    const get = httpGateway((request) => new Response(sending(request, new Uint8Array([1]), 0, seen)), { readTimeoutMs: 300 });
    const reader = (await get()).body!.getReader();
    await reader.read();
    await scheduler.wait(400);
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow();
    expect(faults()).toEqual([]);
  });

  it("stops the upstream where the caller stops reading", async () => {
    const seen = { isEnded: false };
    const get = httpGateway((request) => new Response(sending(request, new Uint8Array(1_000), 0, seen)), {});
    const reader = (await get()).body!.getReader();
    await reader.read();
    await reader.cancel();
    expect(seen.isEnded).toBe(true);
  });

  it("of a status without a body has none, and no length", async () => {
    const get = httpGateway(() => new Response(null, { status: 204, headers: { "content-length": "5" } }), {});
    const response = await get();
    expect([response.status, response.headers.get("content-length"), response.body]).toEqual([204, null, null]);
  });
});

describe("a stream", () => {
  it("ends with an error at a message over maxResponseBytes, as soon as its length is known", async () => {
    const seen = { isEnded: false };
    const headers = { "content-type": "application/connect+json" };
    const head = encodeEnvelope(0, new Uint8Array(2_000)).subarray(0, 5);
    const upstream = (request: Request): Response => new Response(sending(request, head, 0, seen), { headers });
    const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, maxResponseBytes: 1_000 } };
    const response = await gatewayTo(upstream, { services })(enveloped("WatchUsers", "application/connect+json", "{}"));
    const { error } = await endOfStream(response);
    expect(error).toEqual({
      code: "resource_exhausted",
      message: "upstream users.v1.UserService sent a message of more than 1000 bytes; the limit is maxResponseBytes",
    });
    expect(seen.isEnded).toBe(true);
    expect(faults()).toHaveLength(1);
  });
});

it("a large response may take longer than one attempt", async () => {
  const upstream = ({ signal }: Request): Response => {
    const large = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new Uint8Array(70_000).fill(0x20));
        await scheduler.wait(300);
        if (signal.aborted) return controller.error(signal.reason);
        controller.enqueue(new TextEncoder().encode("{}"));
        controller.close();
      },
    });
    return new Response(large, { headers: { "content-type": "application/json" } });
  };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: { perAttemptMs: 100 } } };
  const response = await gatewayTo(upstream, { services })(unary("GetUser"));
  expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 70_002]);
});
