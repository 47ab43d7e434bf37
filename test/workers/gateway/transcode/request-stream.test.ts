// Streams of requests: lines of JSON, or pieces of raw bytes.
import { type Message, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rejected, type Rejection } from "../../../../core/rejection.ts";
import { decodeRequestStream } from "../../../../workers/gateway/transcode/request-stream.ts";
import type { RestOptions, RestRoute } from "../../../../workers/gateway/transcode/rules/rules.ts";
import { tableOf } from "../../../transcoding/call.ts";
import { registry } from "../../../transcoding/schema.ts";

const table = tableOf({});

function found(path: string): { route: RestRoute; variables: readonly string[] } {
  const match = table.match("POST", path);
  if (match.kind !== "found") throw new Error(match.kind);
  return match;
}

async function* chunks(...parts: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? new TextEncoder().encode(part) : part;
}

const LIMITS = { maxBodyBytes: 1_000, maxMessageElements: 100_000 };

function decode(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { query = "", type = "application/x-ndjson" as string | null, maxBytes = 1000 } = {},
): AsyncIterable<Message> {
  const { route, variables } = found(path);
  return decodeRequestStream(route, variables, query, type, body, { maxBodyBytes: maxBytes, maxMessageElements: 100_000 });
}

async function all(path: string, body: AsyncIterable<Uint8Array>, options: Parameters<typeof decode>[2] = {}): Promise<unknown[]> {
  const messages: unknown[] = [];
  const { input } = found(path).route.method;
  for await (const message of decode(path, body, options)) messages.push(toJson(input, message, { registry }));
  return messages;
}

async function rejection(work: () => Promise<unknown>): Promise<Rejection | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Rejected) return error.rejection;
    throw error;
  }
}

describe("a stream of NDJSON", () => {
  it("has one message per line, each with the values of the URL", async () => {
    expect(await all("/v1/collect/x", chunks('{"i32":1}\r\n\n', '  \n{"i32":2,"s":"y"}'))).toEqual([
      { s: "x", i32: 1 },
      { s: "x", i32: 2 },
    ]);
    expect(await all("/v1/collect/x", chunks())).toEqual([]);
  });

  it("does not depend on how the body is cut into chunks", async () => {
    const lines = ['{"rs":["世界"]}', "{}", '{"i32":7}'];
    const bytes = new TextEncoder().encode(lines.join("\n"));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const parts = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await all("/v1/collect/x", chunks(...parts))).toEqual(lines.map((line) => ({ s: "x", ...JSON.parse(line) })));
      }),
    );
  });

  it("reads the body only when a message is requested", async () => {
    let read = 0;
    async function* body(): AsyncIterable<Uint8Array> {
      for (;;) {
        read += 1;
        yield new TextEncoder().encode('{"i32":1}\n');
      }
    }
    for await (const message of decode("/v1/collect/x", body())) {
      expect(message).toBeDefined();
      expect(read).toBe(1);
      break;
    }
  });

  it("yields the messages before an invalid line, and names its number", async () => {
    const messages: Message[] = [];
    const refused = await rejection(async () => {
      for await (const message of decode("/v1/collect/x", chunks('{"i32":1}\n\n{"i32":"y"}\n'))) messages.push(message);
    });
    expect(messages).toHaveLength(1);
    expect(refused).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(/^line 3: i32 /),
      violations: [{ field: "i32" }],
    });
  });

  it("bounds each line, also one without an end", async () => {
    const line = `{"s":"${"x".repeat(100)}"}`;
    expect(await all("/v1/collect/x", chunks(line, "\n"), { maxBytes: line.length })).toHaveLength(1);
    expect(await rejection(() => all("/v1/collect/x", chunks(line, "\n"), { maxBytes: line.length - 1 }))).toEqual({
      kind: "body_too_large",
      maxBytes: line.length - 1,
    });
    expect(await rejection(() => all("/v1/collect/x", chunks(line.slice(0, 50), line.slice(50)), { maxBytes: 60 }))).toMatchObject({
      kind: "body_too_large",
    });
  });

  it.each([null, "application/json", "text/plain"])("is refused at once with content type %s", (type) => {
    expect(() => decode("/v1/collect/x", chunks("{}"), { type })).toThrow(Rejected);
  });
});

describe("a stream of raw bytes", () => {
  it("has one message per piece, and the content type in the first one", async () => {
    expect(await all("/v1/receive/a.png", chunks(Uint8Array.of(0), Uint8Array.of(255)), { type: "image/png" })).toEqual([
      { name: "a.png", file: { contentType: "image/png", data: "AA==" } },
      { name: "a.png", file: { data: "/w==" } },
    ]);
  });
});

describe("jsonRequestStreams", () => {
  async function* pieces(text: string): AsyncGenerator<Uint8Array> {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length; at += 3) yield bytes.subarray(at, at + 3);
  }

  const collect = async (options: RestOptions, contentType: string | null, text: string): Promise<unknown> => {
    const match = tableOf(options).match("POST", "/v1/collect/a");
    if (match.kind !== "found") throw new Error(match.kind);
    const found: unknown[] = [];
    try {
      for await (const message of decodeRequestStream(match.route, match.variables, "", contentType, pieces(text), LIMITS))
        found.push((message as unknown as { i32: number }).i32);
      return found;
    } catch (error) {
      if (error instanceof Rejected) return { found, ...error.rejection };
      throw error;
    }
  };

  it("accepts a stream of requests as application/json, besides NDJSON", async () => {
    const options = { jsonRequestStreams: true };
    expect(await collect(options, "application/json", '[{"i32":1},{"i32":2}]')).toEqual([1, 2]);
    expect(await collect(options, "application/json", '{"i32":1}{"i32":2}')).toEqual([1, 2]);
    expect(await collect(options, "application/x-ndjson", '{"i32":1}\n{"i32":2}')).toEqual([1, 2]);
    expect(await collect({}, "application/json", "[]")).toMatchObject({ kind: "unsupported_content_type" });
    expect(await collect(options, null, "[]")).toMatchObject({ kind: "unsupported_content_type" });
    expect(await collect({ ...options, assumeJson: true }, "application/x-www-form-urlencoded", '{"i32":3}')).toEqual([3]);
  });

  it("yields the messages before an invalid one, and names its number", async () => {
    const outcome = await collect({ jsonRequestStreams: true }, "application/json", '[{"i32":1},{"i32":"0x1"}]');
    expect(outcome).toMatchObject({ found: [1], message: "message 2: i32 must be an int32" });
  });
});
