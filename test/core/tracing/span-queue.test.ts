import { describe, expect, it } from "vitest";
import { otlpJson } from "../../../core/tracing/otlp-json.ts";
import { type CallSpan, spanBytes } from "../../../core/tracing/span.ts";
import { SPAN_BOUNDS, SpanQueue } from "../../../core/tracing/span-queue.ts";

const span = (name = "a", attributes: CallSpan["attributes"] = { "rpc.method": "users.v1.UserService/GetUser", n: 1 }): CallSpan => ({
  ...{ traceId: "a".repeat(32), spanId: "b".repeat(16), parentId: "c".repeat(16), name, kind: "server" },
  ...{ startMs: 1_790_000_000_123, endMs: 1_790_000_000_456, attributes },
});

describe("SpanQueue", () => {
  it("keeps the oldest spans within its bytes, and counts the others", () => {
    const queue = new SpanQueue();
    for (let index = 0; index < 10_000; index++) queue.add(span(String(index)));
    let taken = 0;
    for (let batch = queue.take(); batch.length > 0; batch = queue.take()) {
      expect(batch.length).toBeLessThanOrEqual(SPAN_BOUNDS.maxBatch);
      expect(batch[0]!.name).toBe(String(taken));
      taken += batch.length;
    }
    expect(taken * spanBytes(span())).toBeGreaterThan(SPAN_BOUNDS.maxBytes * 0.95);
    expect(taken + queue.takeLost()).toBe(10_000);
    expect([queue.size, queue.hasLost, queue.takeLost()]).toEqual([0, false, 0]);
    queue.add(span());
    expect(queue.size).toBe(1); // there is room again
  });

  it("refuses a span that is larger than the queue", () => {
    const queue = new SpanQueue({ maxBytes: 1_000, maxBatch: 2 });
    queue.add(span("x".repeat(1_000)));
    expect([queue.size, queue.takeLost()]).toEqual([0, 1]);
  });

  it("says when a batch is full, and counts a batch that has not arrived", () => {
    const queue = new SpanQueue({ maxBytes: 10_000, maxBatch: 2 });
    queue.add(span());
    expect(queue.isBatchFull).toBe(false);
    queue.add(span());
    expect(queue.isBatchFull).toBe(true);
    queue.failed(queue.take().length);
    expect(queue.takeLost()).toBe(2);
  });

  it("counts no bytes of an error where there is none", () => {
    expect(spanBytes(span())).toBe(spanBytes({ ...span(), error: "" }));
    expect(spanBytes({ ...span(), error: "timeout" }) - spanBytes(span())).toBe(7);
  });

  it("counts about the bytes that a span has in a message", () => {
    for (const one of [span(), span("x".repeat(500)), span("a", { a: "y".repeat(900), b: 12, "http.route": "/v1/{x}" })]) {
      const bytes = otlpJson([one], {}).length - otlpJson([], {}).length;
      expect(spanBytes(one) / bytes).toBeGreaterThan(0.8);
      expect(spanBytes(one) / bytes).toBeLessThan(1.3);
    }
  });
});
