import { describe, expect, it } from "vitest";
import { otlpJson } from "../../../core/tracing/otlp-json.ts";
import type { CallSpan } from "../../../core/tracing/span.ts";

const SPAN: CallSpan = {
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  parentId: "c".repeat(16),
  name: "users.v1.UserService/GetUser",
  kind: "server",
  startMs: 1_790_000_000_123,
  endMs: 1_790_000_000_456,
  attributes: { "rpc.method": "x", "http.response.status_code": 200, share: 0.5 },
};

describe("otlpJson", () => {
  it("writes spans as the protocol has them: 64-bit numbers as text, ids in hexadecimal digits, enums as numbers", () => {
    expect(JSON.parse(otlpJson([SPAN], { "service.name": "tidegate" }))).toEqual({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "tidegate" } }] },
          scopeSpans: [
            {
              scope: { name: "tidegate" },
              spans: [
                {
                  ...{ traceId: SPAN.traceId, spanId: SPAN.spanId, parentSpanId: SPAN.parentId, name: SPAN.name, kind: 2 },
                  startTimeUnixNano: "1790000000123000000",
                  endTimeUnixNano: "1790000000456000000",
                  attributes: [
                    { key: "rpc.method", value: { stringValue: "x" } },
                    { key: "http.response.status_code", value: { intValue: "200" } },
                    { key: "share", value: { doubleValue: 0.5 } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it("writes a failed span with its status, and the first span of a trace without a parent", () => {
    const spans = [
      { ...SPAN, parentId: "", error: "breaker_open", endMs: SPAN.startMs - 5 },
      { ...SPAN, error: "" },
    ];
    const written = JSON.parse(otlpJson(spans, {})).resourceSpans[0].scopeSpans[0].spans;
    expect(written[0]).toMatchObject({ status: { code: 2, message: "breaker_open" }, endTimeUnixNano: "1790000000123000000" });
    expect(written[0]).not.toHaveProperty("parentSpanId");
    expect(written[1].status).toEqual({ code: 2 });
  });
});
