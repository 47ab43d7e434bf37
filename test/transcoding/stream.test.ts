// Streams of answers: framed as the caller likes them, one message at a time, with their errors in band.
import { create, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { HttpBodySchema } from "../../protos/gen/google/api/httpbody_pb.ts";
import { BadRequestSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import type { RestRoute } from "../../workers/gateway/transcode/rules.ts";
import { encodeStream } from "../../workers/gateway/transcode/stream.ts";
import { call, msg, tableOf } from "./call.ts";
import { registry } from "./schema.ts";

function routeOf(path: string): RestRoute {
  const outcome = call(tableOf({}), { method: "GET", path });
  if (outcome.kind === "refused") throw new Error(outcome.rejection.kind);
  return outcome.route;
}

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
  const { body } = await encodeStream(route, messages, accept, registry);
  return new Response(body).text();
}

describe("a stream of messages", () => {
  const two = () => say(msg({ s: "a" }), msg({ s: "b" }));
  const failing = () => say(msg({ s: "a" }), new ConnectError("gone", Code.NotFound));
  const gone = '{"error":{"code":5,"message":"gone","details":[]}}';

  it.each([
    ["application/json", '[{"s":"a"},{"s":"b"}]', `[{"s":"a"},${gone}]`, "[]", `[${gone}]`],
    ["application/x-ndjson", '{"s":"a"}\n{"s":"b"}\n', `{"s":"a"}\n${gone}\n`, "", `${gone}\n`],
    [
      "text/event-stream",
      'data: {"s":"a"}\n\ndata: {"s":"b"}\n\n',
      `data: {"s":"a"}\n\nevent: error\ndata: ${gone}\n\n`,
      "",
      `event: error\ndata: ${gone}\n\n`,
    ],
  ])("is framed as %s: whole, failing midway, empty, and failing at once", async (accept, whole, midway, empty, atOnce) => {
    expect(await textOf(watch, two(), accept)).toBe(whole);
    expect(await textOf(watch, failing(), accept)).toBe(midway);
    expect(await textOf(watch, say(), accept)).toBe(empty);
    expect(await textOf(watch, say(new ConnectError("gone", Code.NotFound)), accept)).toBe(atOnce);
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
    expect((await encodeStream(watch, say(), accept, registry)).contentType).toBe(contentType);
  });

  it("shows the field that response_body names", async () => {
    expect(await textOf(names, say(msg({ s: "a" }), msg({})), null)).toBe('["a",""]');
  });

  it("writes out the details of an error, and tells nothing of one that is not the upstream's", async () => {
    const detail = { desc: BadRequestSchema, value: { fieldViolations: [{ field: "s", description: "d" }] } };
    const error = new ConnectError("m", Code.InvalidArgument, undefined, [detail]);
    expect(JSON.parse(await textOf(watch, say(error), null))).toEqual([
      { error: { code: 3, message: "m", details: [expect.objectContaining({ "@type": "type.googleapis.com/google.rpc.BadRequest" })] } },
    ]);
    const log = vi.spyOn(console, "error").mockReturnValue();
    expect(await textOf(watch, say(new Error("secret")), null)).toBe('[{"error":{"code":13,"message":"internal error","details":[]}}]');
    expect(log.mock.calls.join()).toContain("secret");
    log.mockRestore();
  });

  it("hands out the first message before the second is made, and makes none that nobody reads", async () => {
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
    const { body } = await encodeStream(watch, counted(), "application/x-ndjson", registry);
    const reader = body.getReader();
    expect(made).toBe(0);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('{"i32":1}\n');
    expect(made).toBe(1);
    await reader.read();
    expect(made).toBe(2);
    await reader.cancel();
    expect(isOver).toBe(true);
  });
});

describe("a stream of raw bytes", () => {
  const piece = (data: string, contentType = ""): Message => create(HttpBodySchema, { contentType, data: Buffer.from(data) });

  it("is what its first message says, and the bytes of all of them", async () => {
    const { body, contentType } = await encodeStream(
      serve,
      say(piece("", "image/png"), piece("ab"), piece(""), piece("c", "text/html")),
      "text/event-stream",
      registry,
    );
    expect(contentType).toBe("image/png");
    expect(await new Response(body).text()).toBe("abc");
  });

  it("breaks off where it fails, so that nobody takes it for whole, and fails at once where it never started", async () => {
    const { body } = await encodeStream(serve, say(piece("a", "image/png"), new ConnectError("gone", Code.NotFound)), null, registry);
    await expect(new Response(body).text()).rejects.toThrow("gone");
    await expect(encodeStream(serve, say(new ConnectError("gone", Code.NotFound)), null, registry)).rejects.toThrow("gone");
  });

  it.each(["", "text/html\r\nSet-Cookie: a=b", "té/xt"])("is plain bytes where its type is %j", async (type) => {
    expect((await encodeStream(serve, say(piece("a", type)), null, registry)).contentType).toBe("application/octet-stream");
  });
});
