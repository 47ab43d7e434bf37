// Responses over sockets: the status of a stream that fails at once, heads that do not wait, codings without a request for them, callers that disconnect.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../../bench/workerd.ts";
import { open, until } from "./client.ts";
import { connectEnd, contentTypeOf, envelope, ITEM, inKind, type Setup, setUp, text, webEnd } from "./start.ts";
import { type Behavior, envelopesIn, type RawUpstream } from "./upstream.ts";

const SERVICE = "/uploads.v1.UploadService";
let setup: Setup | undefined;
let upstream: RawUpstream;
let gateway: Running;
let count = 0;

beforeAll(async () => {
  setup = await setUp();
  ({ upstream, gateway } = setup);
}, 60_000);

afterAll(() => setup?.stop());

function newCase(behavior: Behavior, headers: Record<string, string> = {}): { id: string; headers: Record<string, string> } {
  count += 1;
  const id = `response-${count}`;
  upstream.behave(id, behavior);
  return { id, headers: { "x-case": id, ...headers } };
}

async function call(method: string, path: string, headers: Record<string, string>, body?: Buffer) {
  const length = body === undefined ? {} : { "content-length": String(body.length) };
  const { sent, received } = open(gateway.origin, path, { ...headers, ...length }, method);
  sent.end(body);
  return received;
}

const NDJSON = { "content-type": "application/x-ndjson" };

/** A stream that ends with an error, after some messages or none, in the protocol that the gateway calls in. */
const failing = (messages: number): Behavior => ({
  when: "end",
  respond: (seen) => {
    const type = contentTypeOf(seen);
    const end = type.startsWith("application/grpc-web")
      ? webEnd(7, "not yours")
      : connectEnd({ code: "permission_denied", message: "not yours" });
    return { headers: { "content-type": type }, parts: [...Array.from({ length: messages }, () => envelope(ITEM)), end] };
  },
});

describe.each(["both", "grpc_web"])("a stream over REST, of an upstream that speaks %s", (spoken) => {
  it.each(["application/json", "application/x-ndjson", "text/event-stream"])(
    "has the status of its error in %s where that comes before the first message",
    async (accept) => {
      for (const [method, path, headers, body] of [
        ["GET", "/up/watch/n", {}, undefined],
        ["POST", "/up/chat/n", NDJSON, text("{}\n")],
        ["POST", "/up/import/n", NDJSON, text("{}\n")],
      ] as const) {
        const { headers: all } = newCase(failing(0), { ...headers, accept, "x-spoken": spoken });
        const response = await call(method, path, all, body);
        expect([response.status, response.headers["content-type"]], path).toEqual([403, "application/json"]);
        expect(JSON.parse(response.body.toString())).toEqual({ code: 7, message: "not yours", details: [] });
      }
    },
  );

  it("is one object where the method has a single response, and the error's status even where a message came first", async () => {
    const fine = newCase(inKind("end"), { ...NDJSON, accept: "text/event-stream", "x-spoken": spoken });
    const { status, headers, body } = await call("POST", "/up/import/n", fine.headers, text("{}\n"));
    expect([status, headers["content-type"], body.toString()]).toEqual([200, "application/json", '{"name":"a"}']);
    const failed = await call("POST", "/up/import/n", newCase(failing(1), { ...NDJSON, "x-spoken": spoken }).headers, text("{}\n"));
    expect([failed.status, JSON.parse(failed.body.toString()).code]).toEqual([403, 7]);
  });

  it("is an error where the upstream sends no message, or two, for a single response", async () => {
    for (const messages of [0, 2]) {
      const { headers } = newCase(
        {
          when: "end",
          respond: (seen) => {
            const type = contentTypeOf(seen);
            const end = type.startsWith("application/grpc-web") ? webEnd() : connectEnd();
            return { headers: { "content-type": type }, parts: [...Array.from({ length: messages }, () => envelope(ITEM)), end] };
          },
        },
        { ...NDJSON, "x-spoken": spoken },
      );
      const { status, body } = await call("POST", "/up/import/n", headers, text("{}\n"));
      expect([status >= 500, JSON.parse(body.toString()).code], body.toString()).toEqual([true, 13]);
    }
  });
});

describe("a stream whose messages take their time", () => {
  /** Its head comes at once, and its message when the test says so. */
  function slow(accept: string) {
    const { promise: more, resolve } = Promise.withResolvers<readonly Uint8Array[]>();
    const respond: Behavior["respond"] = () => ({ headers: { "content-type": "application/connect+proto" }, parts: [], more });
    const { headers } = newCase({ when: "end", respond }, { accept });
    return { ...open(gateway.origin, "/up/watch/n", headers, "GET"), come: () => resolve([envelope(ITEM), connectEnd()]) };
  }

  it("sends its head before them as Server-Sent Events, and comments while there are none", async () => {
    const { sent, head, received, come } = slow("text/event-stream");
    sent.end();
    const response = await head;
    expect([response.statusCode, response.headers["content-type"]]).toEqual([200, "text/event-stream"]);
    let seen = "";
    response.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await until("three comments", () => seen === ":\n\n:\n\n:\n\n");
    come();
    expect((await received).body.toString()).toMatch(/^(:\n\n){3,}data: \{"name":"a"\}\n\n$/);
  });

  it.each([
    ["application/json", '[{"name":"a"}]'],
    ["application/x-ndjson", '{"name":"a"}\n'],
  ])("has no bytes but those of its messages in %s", async (accept, whole) => {
    const { sent, received, come } = slow(accept);
    sent.end();
    setTimeout(come, 2_500); // longer than any comment of events would wait
    expect((await received).body.toString()).toBe(whole);
  });

  it.each([
    ["GET", "/up/watch/n", { accept: "text/event-stream" }, undefined],
    ["GET", "/up/watch/n", { accept: "application/json" }, undefined],
    ["POST", `${SERVICE}/Watch`, { "content-type": "application/connect+proto" }, envelope(ITEM)],
    ["POST", `${SERVICE}/Watch`, { "content-type": "application/grpc-web+proto" }, envelope(ITEM)],
  ] as const)(
    "ends its call of the upstream where its caller hangs up, with the next message: %s %s %j",
    async (method, path, fields, body) => {
      const respond: Behavior["respond"] = (seen) => ({
        headers: { "content-type": contentTypeOf(seen) },
        parts: [],
        again: envelope(ITEM),
        isOpen: true,
      });
      const { id, headers } = newCase({ when: "end", respond }, fields);
      const { sent, head } = open(gateway.origin, path, headers, method);
      sent.on("error", () => undefined);
      sent.end(body);
      await head;
      sent.destroy();
      await until("the connection of the upstream is closed", () => upstream.seen(id)[0]?.isClosed);
    },
  );
});

describe("Server-Sent Events without messages", () => {
  it("end their call of the upstream where their caller hangs up, with the next comment", async () => {
    const { id, headers } = newCase(inKind("end", true), { accept: "text/event-stream" });
    const { sent, head } = open(gateway.origin, "/up/watch/n", headers, "GET");
    sent.on("error", () => undefined);
    sent.end();
    await head;
    sent.destroy();
    await until("the connection of the upstream is closed", () => upstream.seen(id)[0]?.isClosed);
  });
});

describe("a raw upload", () => {
  it.each([
    ["without bytes", 0, true],
    ["without bytes, of unknown length", 0, false],
    ["of some bytes", 10, true],
    ["of some bytes, of unknown length", 10, false],
    ["longer than a message may be, of unknown length", 2_500, false],
  ])("%s reaches the upstream with its path variable and its content type", async (_, size, isKnown) => {
    const { id, headers } = newCase(inKind("end"), { "content-type": "image/png" });
    const { sent, received } = open(gateway.origin, "/up/files/pic", {
      ...headers,
      ...(isKnown ? { "content-length": String(size) } : { "transfer-encoding": "chunked" }),
    });
    sent.end(Buffer.alloc(size, "x"));
    expect((await received).status).toBe(200);
    const { messages, isWhole } = envelopesIn(upstream.seen(id)[0]!.body);
    expect(isWhole).toBe(true);
    const name = Buffer.from([0x0a, 3, ...Buffer.from("pic")]).toString("latin1");
    const first = Buffer.from(messages[0]!).toString("latin1");
    expect(first).toContain(name);
    expect(first).toContain("image/png");
    expect(messages.every((message) => message.length <= 1_100 && Buffer.from(message).toString("latin1").includes(name))).toBe(true);
    expect(Buffer.concat(messages).filter((byte) => byte === 0x78)).toHaveLength(size);
  });
});

describe("the codings of a response", () => {
  const CALLS = [
    ["POST", `${SERVICE}/Say`, { "content-type": "application/proto" }, ITEM],
    ["GET", `${SERVICE}/Get?connect=v1&encoding=proto&message=`, {}, undefined],
    ["POST", `${SERVICE}/Say`, { "content-type": "application/grpc-web+proto" }, envelope(ITEM)],
    ["POST", `${SERVICE}/Watch`, { "content-type": "application/connect+proto" }, envelope(ITEM)],
    ["GET", "/up/items/a", {}, undefined],
    ["GET", "/files/a", {}, undefined],
  ] as const;

  it.each(CALLS)("are none where the caller accepts none: %s %s", async (method, path, fields, body) => {
    for (const accepted of [{}, { "accept-encoding": "" }] as Record<string, string>[]) {
      const { id, headers } = newCase(inKind("end"), { ...fields, ...accepted });
      const response = await call(method, path, headers, body);
      expect(response.status, response.body.toString()).toBe(200);
      expect(upstream.seen(id)[0]!.head.toLowerCase()).toMatch(/^accept-encoding: identity$/m);
    }
  });

  it("are those that the caller accepts", async () => {
    const respond: Behavior["respond"] = () => ({
      headers: { "content-type": "application/proto", "content-encoding": "gzip" },
      parts: [gzipSync(ITEM)],
    });
    const { id, headers } = newCase({ when: "end", respond }, { "content-type": "application/proto", "accept-encoding": "gzip" });
    const response = await call("POST", `${SERVICE}/Say`, headers, ITEM);
    expect(upstream.seen(id)[0]!.head.toLowerCase()).toMatch(/^accept-encoding: gzip$/m);
    expect([response.headers["content-encoding"], response.body]).toEqual(["gzip", gzipSync(ITEM)]);
  });
});

describe("a caller that hangs up, as far as the platform says so", () => {
  it.each([
    ["POST", `${SERVICE}/Say`, { "content-type": "application/proto" }, ITEM],
    ["POST", `${SERVICE}/Say`, { "content-type": "application/grpc-web+proto" }, envelope(ITEM)],
    ["GET", "/up/items/a", {}, undefined],
    ["GET", "/files/a", {}, undefined],
  ] as const)("ends its call of the upstream: %s %s", async (method, path, fields, body) => {
    const { id, headers } = newCase({ when: "never", respond: () => ({ parts: [] }) }, { ...fields, "x-hang-up-after": "1000" });
    expect((await call(method, path, headers, body)).body.toString()).toBe("hung up");
    await until("the connection of the upstream is closed", () => upstream.seen(id)[0]?.isClosed);
  });
});
