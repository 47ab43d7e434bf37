import { afterEach, describe, expect, it, vi } from "vitest";
import type { CallSpan } from "../../../../core/tracing/span.ts";
import { OtlpSink } from "../../../../workers/gateway/tracing/otlp-sink.ts";

const NOW = 1_790_000_000_000;
const SETTINGS = {
  url: "https://collector.example/v1/traces",
  header: "x-key",
  secret: "s3cret",
  resource: { "service.name": "tidegate" },
};
const span = (name: string): CallSpan => ({
  ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentId: "", name, kind: "server", startMs: NOW, endMs: NOW, attributes: {} },
});

/** A collector, and what it has received. */
function collector(respond: () => Response | Promise<Response> = () => new Response("{}")) {
  const received: { readonly names: string[]; readonly headers: Headers }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const body = await request.json<{ resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] }>();
    received.push({ names: body.resourceSpans[0]!.scopeSpans[0]!.spans.map(({ name }) => name), headers: request.headers });
    return respond();
  });
  return received;
}

/** The records of spans that were lost. */
function lostSpans() {
  const records: { event: string; spans: number; error: string }[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => void records.push(JSON.parse(line)));
  return () => records.filter(({ event }) => event === "spans_lost");
}

afterEach(() => void vi.restoreAllMocks());

describe("OtlpSink", () => {
  it("sends the spans of several calls in one batch, with the secret in its header", async () => {
    const received = collector();
    const sink = new OtlpSink(SETTINGS);
    sink.add([span("a"), span("b")], Date.now());
    sink.add([span("c")], Date.now());
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(1);
    expect(received[0]!.names).toEqual(["a", "b", "c"]);
    expect(received[0]!.headers.get("x-key")).toBe("s3cret");
    expect(received[0]!.headers.get("content-type")).toBe("application/json");
    await expect.poll(() => sink.size).toBe(0);
  });

  it("goes on after it has sent all", async () => {
    const received = collector();
    const sink = new OtlpSink({ ...SETTINGS, secret: undefined });
    sink.add([span("a")], Date.now());
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(1);
    expect(received[0]!.headers.has("x-key")).toBe(false);
    await expect
      .poll(
        () => {
          if (received.length < 2 && sink.size === 0) sink.add([span("b")], Date.now());
          return received.at(-1)!.names;
        },
        { timeout: 30_000 },
      )
      .toEqual(["b"]);
  });

  it("sends many spans in batches of bounded size", async () => {
    const received = collector();
    const sink = new OtlpSink(SETTINGS, { maxBytes: 1_048_576, maxBatch: 10 });
    sink.add(
      Array.from({ length: 25 }, (_, index) => span(String(index))),
      Date.now(),
    );
    await expect.poll(() => received.map(({ names }) => names.length), { timeout: 30_000 }).toEqual([10, 10, 5]);
    expect(received.flatMap(({ names }) => names)).toEqual(Array.from({ length: 25 }, (_, index) => String(index)));
  });

  it.each([
    ["responds with an error", () => new Response("", { status: 503 }), "the collector responded with 503"],
    [
      "redirects",
      () => new Response("", { status: 307, headers: { location: "https://elsewhere.example" } }),
      "the collector responded with 307",
    ],
    ["cannot be reached", () => Promise.reject(new Error("connection refused")), "Error: connection refused"],
  ])("counts the spans of a batch where the collector %s, and never throws", async (_, respond, error) => {
    const lost = lostSpans();
    const received = collector(respond);
    const sink = new OtlpSink(SETTINGS);
    sink.add([span("a"), span("b")], Date.now());
    await expect.poll(lost, { timeout: 30_000 }).toMatchObject([{ spans: 2, error }]);
    expect(received).toHaveLength(1); // no batch is sent twice
  });

  it("keeps a bounded queue while the collector hangs, and counts what does not fit", async () => {
    const gate = Promise.withResolvers<Response>();
    const lost = lostSpans();
    const received = collector(() => (received.length === 1 ? gate.promise : new Response("{}")));
    const sink = new OtlpSink(SETTINGS, { maxBytes: 10_000, maxBatch: 5 });
    for (let index = 0; index < 5; index++) sink.add([span("first")], Date.now());
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(1);
    for (let index = 0; index < 1_000; index++) sink.add([span("later")], Date.now());
    const waiting = sink.size;
    expect(waiting).toBeLessThan(40);
    gate.resolve(new Response("{}"));
    await expect.poll(() => received.slice(1).flatMap(({ names }) => names).length, { timeout: 30_000 }).toBe(waiting);
    expect(lost()).toMatchObject([{ spans: 1_000 - waiting, error: "the queue was full" }]);
  });
});
