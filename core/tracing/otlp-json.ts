// Spans as OTLP in JSON: the body of one request to a collector.
import type { AttributeValue, CallSpan } from "./span.ts";

const KINDS = { internal: 1, server: 2, client: 3 } as const;
const ERROR = 2; // a status that is not set says that nothing is wrong

/** @param resource attributes of whoever sends them: `service.name` at least @see OpenTelemetry Protocol, "JSON Protobuf Encoding" */
export function otlpJson(spans: readonly CallSpan[], resource: Readonly<Record<string, AttributeValue>>): string {
  const scope = { name: "tidegate" };
  return JSON.stringify({
    resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans: [{ scope, spans: spans.map(spanJson) }] }],
  });
}

function spanJson({ traceId, spanId, parentId, name, kind, startMs, endMs, attributes: facts, error }: CallSpan) {
  return {
    traceId,
    spanId,
    ...(parentId === "" ? {} : { parentSpanId: parentId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: `${startMs}000000`, // 64-bit numbers are texts in JSON
    endTimeUnixNano: `${Math.max(startMs, endMs)}000000`,
    attributes: attributes(facts),
    ...(error === undefined ? {} : { status: { code: ERROR, ...(error === "" ? {} : { message: error }) } }),
  };
}

function attributes(facts: Readonly<Record<string, AttributeValue>>) {
  return Object.entries(facts).map(([key, value]) => ({
    key,
    value:
      typeof value === "string" ? { stringValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value },
  }));
}
