// A span: a part of a trace with its times, as it is kept until it is sent. Plain data.

export type AttributeValue = string | number;

export interface CallSpan {
  readonly traceId: string; // 32 digits
  readonly spanId: string; // 16 digits
  readonly parentId: string; // 16 digits; empty for the first span of a trace
  readonly name: string;
  readonly kind: "server" | "client" | "internal";
  readonly startMs: number; // epoch ms
  readonly endMs: number; // epoch ms
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly error?: string; // what is wrong, where the span has failed; empty where the attributes say it
}

const FIXED_BYTES = 260; // a span in JSON without its texts

/** Size of a span as it is sent, about. */
export function spanBytes({ name, attributes, error = "" }: CallSpan): number {
  let bytes = FIXED_BYTES + name.length + error.length;
  for (const [key, value] of Object.entries(attributes)) bytes += key.length + 40 + (typeof value === "string" ? value.length : 8);
  return bytes;
}
