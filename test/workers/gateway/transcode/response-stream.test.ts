// Streams of answers: framed as the caller likes them, one message at a time, with their errors in band.
import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { HttpBodySchema } from "../../../../protos/gen/google/api/httpbody_pb.ts";
import { BadRequestSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { encodeStream } from "../../../../workers/gateway/transcode/response-stream.ts";
import type { RestRoute } from "../../../../workers/gateway/transcode/rules/rules.ts";
import { call, msg, tableOf } from "../../../transcoding/call.ts";
import { registry } from "../../../transcoding/schema.ts";

function routeOf(path: string): RestRoute {
  const outcome = call(tableOf({}), { method: "GET", path });
  if (outcome.kind === "refused") throw new Error(outcome.rejection.kind);
  return outcome.route;
}

const timing = { headersAfterMs: 60_000, keepAliveMs: Number.POSITIVE_INFINITY };

const watch = routeOf("/v1/watch/a");
const names = routeOf("/v1/names");
const serve = routeOf("/v1/serve/a.bin");

async function* say(...messages: (Message | Error)[]): AsyncIterable<Message> {
  for (const message of messages) {
    if (message instanceof Error) throw message;
    yield message;
  }
}

async function textOf(route: RestRoute, messages: AsyncIterable<Message>, accept: string | null): Promise<string> {
  const { body } = await encodeStream(route, messages, accept, registry, timing);
  return new Response(body).text();
}

describe("a stream of messages", () => {
  const two = () => say(msg({ s: "a" }), msg({ s: "b" }));
  const failing = () => say(msg({ s: "a" }), new ConnectError("gone", Code.NotFound));
  const gone = '{"error":{"code":5,"message":"gone","details":[]}}';

  it.each([
    ["application/json", '[{"s":"a"},{"s":"b"}]', `[{"s":"a"},${gone}]`, "[]"],
    ["application/x-ndjson", '{"s":"a"}\n{"s":"b"}\n', `{"s":"a"}\n${gone}\n`, ""],
    ["text/event-stream", 'data: {"s":"a"}\n\ndata: {"s":"b"}\n\n', `data: {"s":"a"}\n\nevent: error\ndata: ${gone}\n\n`, ""],
  ])("is framed as %s: whole, failing midway, and empty; one that fails at once is no stream", async (accept, whole, midway, empty) => {
    expect(await textOf(watch, two(), accept)).toBe(whole);
    expect(await textOf(watch, failing(), accept)).toBe(midway);
    expect(await textOf(watch, say(), accept)).toBe(empty);
    await expect(textOf(watch, say(new ConnectError("gone", Code.NotFound)), accept)).rejects.toThrow("gone");
  });

  it.each([
    [null, "application/json"],
    ["*/*", "application/json"],
    ["text/html", "application/json"],
    ["application/jsonl", "application/x-ndjson"],
    ["text/event-stream, application/json", "text/event-stream"],
    ["text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"],
    ["text/event-stream;q=0, */*;q=0.1", "application/json"],
    ["Text/Event-Stream; q=oops", "application/json"],
  ])("is answered to Accept %s as %s", async (accept, contentType) => {
    expect((await encodeStream(watch, say(), accept, registry, timing)).contentType).toBe(contentType);
  });

  it("writes the field named by response_body", async () => {
    expect(await textOf(names, say(msg({ s: "a" }), msg({})), null)).toBe('["a",""]');
  });

  it('writes the details of an upstream\'s error, and only "internal error" for any other', async () => {
    const detail = { desc: BadRequestSchema, value: { fieldViolations: [{ field: "s", description: "d" }] } };
    const error = new ConnectError("m", Code.InvalidArgument, undefined, [detail]);
    expect(JSON.parse(await textOf(watch, say(msg({ s: "a" }), error), null))).toEqual([
      { s: "a" },
      { error: { code: 3, message: "m", details: [expect.objectContaining({ "@type": "type.googleapis.com/google.rpc.BadRequest" })] } },
    ]);
    const log = vi.spyOn(console, "error").mockReturnValue();
    expect(await textOf(watch, say(msg({ s: "a" }), new Error("secret")), null)).toBe(
      '[{"s":"a"},{"error":{"code":13,"message":"internal error","details":[]}}]',
    );
    expect(log.mock.calls.join()).toContain("secret");
    log.mockRestore();
  });

  it("sends the first message before the second is requested, and requests none that is not read", async () => {
    let made = 0;
    let isOver = false;
    async function* counted(): AsyncGenerator<Message> {
      try {
        for (;;) {
          made += 1;
          yield msg({ i32: made });
        }
      } finally {
        isOver = true;
      }
    }
    const { body } = await encodeStream(watch, counted(), "application/x-ndjson", registry, timing);
    const reader = body.getReader();
    expect(made).toBe(1); // whether it fails at once decides the status
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"i32":1}\n');
    expect(made).toBe(1);
    await reader.read();
    expect(made).toBe(2);
    await reader.cancel();
    expect(isOver).toBe(true);
  });
});

describe("Server-Sent Events", () => {
  const read = async (reader: ReadableStreamDefaultReader<Uint8Array>) => new TextDecoder().decode((await reader.read()).value);

  /** Messages that come when the test lets them. */
  function gated() {
    const gates = [Promise.withResolvers<Message | Error>(), Promise.withResolvers<Message | Error>()] as const;
    async function* messages(): AsyncGenerator<Message> {
      for (const { promise } of gates) {
        const item = await promise;
        if (item instanceof Error) throw item;
        yield item;
      }
    }
    return { messages: messages(), come: (nth: 0 | 1, item: Message | Error) => gates[nth].resolve(item) };
  }

  it("send the head with a comment if the first message is late, and errors as events from then on", async () => {
    const { messages, come } = gated();
    const reader = (await encodeStream(watch, messages, "text/event-stream", registry, { ...timing, headersAfterMs: 5 })).body.getReader();
    expect(await read(reader)).toBe(":\n\n");
    come(0, new ConnectError("gone", Code.NotFound));
    expect(await read(reader)).toBe(`event: error\ndata: {"error":{"code":5,"message":"gone","details":[]}}\n\n`);
    expect((await reader.read()).done).toBe(true);
  });

  it("send comments while there is no message, and lose no message", async () => {
    const { messages, come } = gated();
    come(0, msg({ s: "a" }));
    const { body } = await encodeStream(watch, messages, "text/event-stream", registry, { ...timing, keepAliveMs: 5 });
    const reader = body.getReader();
    expect(await read(reader)).toBe('data: {"s":"a"}\n\n');
    expect(await read(reader)).toBe(":\n\n");
    expect(await read(reader)).toBe(":\n\n");
    come(1, msg({ s: "b" }));
    let next = await read(reader);
    while (next === ":\n\n") next = await read(reader);
    expect(next).toBe('data: {"s":"b"}\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it.each(["application/json", "application/x-ndjson"])("are the only framing with comments: %s has none", async (accept) => {
    const { messages, come } = gated();
    come(0, msg({ s: "a" }));
    const { body } = await encodeStream(watch, messages, accept, registry, { headersAfterMs: 1, keepAliveMs: 1 });
    setTimeout(() => come(1, msg({ s: "b" })), 20);
    expect(await new Response(body).text()).toBe(accept === "application/json" ? '[{"s":"a"},{"s":"b"}]' : '{"s":"a"}\n{"s":"b"}\n');
  });
});

describe("a stream of raw bytes", () => {
  const piece = (data: string, contentType = ""): Message => create(HttpBodySchema, { contentType, data: Buffer.from(data) });

  it("has the content type of its first message, and the bytes of all", async () => {
    const { body, contentType } = await encodeStream(
      serve,
      say(piece("", "image/png"), piece("ab"), piece(""), piece("c", "text/html")),
      "text/event-stream",
      registry,
      timing,
    );
    expect(contentType).toBe("image/png");
    expect(await new Response(body).text()).toBe("abc");
  });

  it("is interrupted if it fails later, and fails at once if it never started", async () => {
    const { body } = await encodeStream(
      serve,
      say(piece("a", "image/png"), new ConnectError("gone", Code.NotFound)),
      null,
      registry,
      timing,
    );
    await expect(new Response(body).text()).rejects.toThrow("gone");
    await expect(encodeStream(serve, say(new ConnectError("gone", Code.NotFound)), null, registry, timing)).rejects.toThrow("gone");
  });

  it.each(["", "text/html\r\nSet-Cookie: a=b", "té/xt"])("has the content type application/octet-stream instead of %j", async (type) => {
    expect((await encodeStream(serve, say(piece("a", type)), null, registry, timing)).contentType).toBe("application/octet-stream");
  });
});
