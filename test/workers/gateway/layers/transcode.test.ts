// REST streams in both directions, through the whole pipeline: nothing is buffered, and a stream that breaks off reports it.

import { env } from "cloudflare:workers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../workers/gateway/app.ts";
import { parseDescriptors } from "../../../../workers/gateway/configure/descriptors/descriptors.ts";
import descriptors from "../../../support/notes/notes.descriptors.ts";

const NAME = "notes.v1.NoteService";
const service = parseDescriptors([descriptors], []).services.find(({ typeName }) => typeName === NAME)!;
const { input, output } = service.methods.find(({ name }) => name === "ImportNotes")!;

const note = (id: string): Uint8Array => encodeEnvelope(0, toBinary(output, create(output, { id } as never)));
const end = (error?: { code: string; message: string }): Uint8Array =>
  encodeEnvelope(2, new TextEncoder().encode(JSON.stringify(error === undefined ? {} : { error })));

/** An upstream that sends what `script` yields, when it yields it. */
function gateway(script: (request: Request) => AsyncIterable<Uint8Array>, maxBodyBytes = 1024) {
  const NOTES = {
    fetch: (url: string, init: RequestInit) => {
      const messages = script(new Request(url, init))[Symbol.asyncIterator]();
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          try {
            const { done, value } = await messages.next();
            if (done === true) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            controller.error(error);
          }
        },
      });
      return Promise.resolve(new Response(body, { headers: { "content-type": "application/connect+proto" } }));
    },
  };
  const config = { descriptors: [descriptors], services: { [NAME]: { upstream: { binding: "NOTES" }, maxBodyBytes } } };
  const app = createApp(config, [], { TOKEN_BUCKET: env.TOKEN_BUCKET, NOTES });
  return (request: Request) => Promise.resolve(app.fetch(request));
}

const tail = (accept: string, headers: Record<string, string> = {}) =>
  new Request("https://gateway.example/api/v1/notes:tail", { headers: { accept, ...headers } });

describe("a stream of answers", () => {
  it.each([
    ["application/json", '[{"id":"a"}', ',{"id":"b"}', "]"],
    ["application/x-ndjson", '{"id":"a"}\n', '{"id":"b"}\n', ""],
    ["text/event-stream", 'data: {"id":"a"}\n\n', 'data: {"id":"b"}\n\n', ""],
  ])("as %s delivers its first item before its last is produced", async (accept, first, second, close) => {
    const { promise: seen, resolve: see } = Promise.withResolvers<void>();
    const answer = await gateway(async function* () {
      yield note("a");
      await seen; // the second note is not made until the first has been read
      yield note("b");
      yield end();
    })(tail(accept));
    expect(answer.headers.get("content-type")).toBe(accept);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe(first);
    see();
    let rest = "";
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) rest += chunk.value;
    expect(rest).toBe(second + close);
  });

  it.each([
    ["application/json", "]", /^\[\{"id":"a"\},\{"error":\{"code":8,"message":"no more","details":\[\]\}\}\]$/],
    ["application/x-ndjson", "\n", /^\{"id":"a"\}\n\{"error":\{"code":8,"message":"no more","details":\[\]\}\}\n$/],
    [
      "text/event-stream",
      "\n\n",
      /^data: \{"id":"a"\}\n\nevent: error\ndata: \{"error":\{"code":8,"message":"no more","details":\[\]\}\}\n\n$/,
    ],
  ])("as %s ends with an error in band when the upstream fails midway", async (accept, _, whole) => {
    const answer = await gateway(async function* () {
      yield note("a");
      yield end({ code: "resource_exhausted", message: "no more" });
    })(tail(accept));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(whole);
  });

  it("says that it broke off, where the upstream vanishes without an end", async () => {
    const vanishing = gateway(async function* () {
      yield note("a");
      throw new Error("connection reset");
    });
    expect(await (await vanishing(tail("application/x-ndjson"))).text()).toContain('{"error":{"code":14,');
    const cut = gateway(async function* () {
      yield note("a");
    });
    expect(await (await cut(tail("application/x-ndjson"))).text()).toContain("without an end-of-stream message");
  });

  it("is an ordinary error where it is refused before it begins", async () => {
    const refusing = {
      fetch: () => Promise.resolve(Response.json({ code: "permission_denied", message: "not yours" }, { status: 403 })),
    };
    const config = { descriptors: [descriptors], services: { [NAME]: { upstream: { binding: "NOTES" } } } };
    const app = createApp(config, [], { NOTES: refusing });
    const answer = await app.fetch(tail("application/json"));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ code: 7, message: "not yours", details: [] });
  });
});

describe("a stream of requests", () => {
  const post = (body: BodyInit, contentType = "application/x-ndjson") =>
    new Request("https://gateway.example/api/v1/notes:import", { method: "POST", headers: { "content-type": contentType }, body });

  /** Reads what arrives as envelopes, and answers with the titles it saw. */
  async function* titles(request: Request): AsyncIterable<Uint8Array> {
    const bytes = new Uint8Array(await request.arrayBuffer());
    const seen: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = new DataView(bytes.buffer, at + 1, 4).getUint32(0);
      seen.push((fromBinary(input, bytes.subarray(at + 5, at + 5 + length)) as unknown as { title: string }).title);
      at += 5 + length;
    }
    yield note(seen.join("+"));
    yield end();
  }

  it("arrives message by message, one for each line", async () => {
    const answer = await gateway(titles)(post('{"title":"a"}\n\n{"title":"b"}\n{"title":"c"}'));
    expect(await answer.text()).toBe('{"id":"a+b+c"}');
  });

  it.each([
    ["a line that is no JSON", '{"title":"a"}\n{', "application/x-ndjson", 400, '{"code":3,"message":"line 2: '],
    ["a line over the limit", `{"title":"${"x".repeat(2000)}"}`, "application/x-ndjson", 413, '{"code":8,'],
    ["JSON that is no stream", '{"title":"a"}', "application/json", 415, '{"code":3,'],
  ])("is refused with %s, and the upstream never takes it for a clean end", async (_, body, contentType, status, error) => {
    let ended = false;
    const answer = await gateway(async function* (request) {
      yield* titles(request);
      ended = true;
    })(post(body, contentType));
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(error);
    expect(ended).toBe(false);
  });
});
