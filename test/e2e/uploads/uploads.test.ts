// Request bodies over sockets: through workerd, to an upstream that records each byte. What does not end properly is never taken for whole.
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Running } from "../../../bench/workerd.ts";
import { open, send, until } from "./client.ts";
import { envelope, ITEM, inKind, isTakenForWhole, type Setup, setUp, text } from "./start.ts";
import { type Behavior, envelopesIn, type RawUpstream, type Seen } from "./upstream.ts";

const SERVICE = "/uploads.v1.UploadService";
const MAX_BYTES = 1_000; // the limit in test/support/uploads/gateway.ts
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
  const id = `case-${count}`;
  upstream.behave(id, behavior);
  return { id, headers: { "x-case": id, ...headers } };
}

/** Waits until nothing more can come of a case's requests. */
async function settled(id: string): Promise<readonly Seen[]> {
  await until("the connections of the upstream are closed", () => upstream.seen(id).every(({ isClosed, isEnded }) => isClosed || isEnded));
  return upstream.seen(id);
}

const NDJSON = { "content-type": "application/x-ndjson" };
const GOOD = text('{"flag":true}\n');
const LONG = text(`{"text":"${"x".repeat(MAX_BYTES)}"}\n`);

/** The upstream speaks either protocol, or only the one that the gateway has to translate into. */
const SPOKEN = ["both", "grpc_web"];

describe.each(SPOKEN)("a stream of requests over REST, to an upstream that speaks %s", (spoken) => {
  it.each([
    ["an unknown field", [GOOD, text('{"flg":true}\n')], 400, /^line 2: .*flg/],
    ["a line that is no JSON", [GOOD, text("{\n")], 400, /^line 2: /],
    ["a value of the wrong type", [GOOD, text('{"flag":"yes"}\n')], 400, /^line 2: .*flag/],
    ["a line that is not UTF-8", [GOOD, Buffer.from([0x22, 0xff, 0x22, 0x0a])], 400, /^line 2: .*UTF-8/],
    ["a line over the limit", [GOOD, LONG], 413, /larger than 1000 bytes/],
    ["a bad first line", [text('{"flg":true}\n'), GOOD], 400, /^line 1: .*flg/],
    ["a bad line among many", [GOOD, GOOD, text("[]\n"), GOOD], 400, /^line 3: /],
    ["a bad last line without a newline", [GOOD, text('{"flag"')], 400, /^line 2: /],
  ])("is refused with its status for %s, and is not taken for whole", async (_, parts, status, message) => {
    for (const method of ["import", "chat"]) {
      const { id, headers } = newCase(inKind("end"), { ...NDJSON, "x-spoken": spoken });
      const { body, ...head } = await send(gateway.origin, `/up/${method}/n`, headers, parts);
      expect(head.status, body.toString()).toBe(status);
      expect(JSON.parse(body.toString()).message).toMatch(message);
      for (const seen of await settled(id)) expect(isTakenForWhole(seen), method).toBe(false);
    }
  });

  it.each([
    ["a bad element of an array", [text('[{"flag":true},'), text('{"flg":true}]')], 400],
    ["an array that is cut short", [text('[{"flag":true},'), text('{"flag":true}')], 400],
    ["bytes behind an array", [text('[{"flag":true}]'), text("[")], 400],
    ["a value that is cut short", [text('{"flag":true}'), text('{"flag":')], 400],
    ["an element over the limit", [text('[{"flag":true},'), LONG, text("]")], 413],
  ])("is refused as JSON for %s, and is not taken for whole", async (_, parts, status) => {
    const { id, headers } = newCase(inKind("end"), { "content-type": "application/json", "x-spoken": spoken });
    const response = await send(gateway.origin, "/up/import/n", headers, parts);
    expect(response.status, response.body.toString()).toBe(status);
    for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
  });

  it("is refused for an unknown query parameter, without a call of the upstream", async () => {
    for (const parts of [[GOOD], []]) {
      const { id, headers } = newCase(inKind("end"), { ...NDJSON, "x-spoken": spoken });
      const { status, body } = await send(gateway.origin, "/up/chat/n?nope=1", headers, parts);
      expect([status, JSON.parse(body.toString()).message]).toEqual([400, expect.stringContaining("nope")]);
      expect(upstream.seen(id)).toEqual([]);
    }
  });

  it.each([
    ["within a line", text('{"flag":')],
    ["between two lines", GOOD],
  ])("is not taken for whole where its caller hangs up %s", async (_, last) => {
    const { id, headers } = newCase(inKind("end"), { ...NDJSON, "x-spoken": spoken, "transfer-encoding": "chunked" });
    const { sent } = open(gateway.origin, "/up/import/n", headers);
    sent.on("error", () => undefined);
    sent.write(GOOD);
    await until("the first message is with the upstream", () => (upstream.seen(id)[0]?.body.length ?? 0) > 0);
    sent.write(last);
    sent.destroy();
    for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
  });

  it("ends with the error as its last element where the upstream has responded already, and is not taken for whole", async () => {
    const { id, headers } = newCase(inKind("first", true), {
      ...NDJSON,
      accept: "application/x-ndjson",
      "x-spoken": spoken,
      "transfer-encoding": "chunked",
    });
    const { sent, head, received } = open(gateway.origin, "/up/chat/n", headers);
    sent.write(GOOD);
    expect((await head).statusCode).toBe(200);
    sent.end('{"flg":true}\n');
    const { body, isWhole } = await received;
    expect(isWhole).toBe(true);
    const [first, last, ...more] = body.toString().trim().split("\n");
    expect(more).toEqual([]);
    expect(JSON.parse(first!)).toEqual({ name: "a" });
    expect(JSON.parse(last!).error).toMatchObject({ code: 3, message: expect.stringMatching(/^line 2: .*flg/) });
    for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
  });

  it("arrives whole, each message before the next is sent, where nothing is wrong with it", async () => {
    const { id, headers } = newCase(inKind("end"), { ...NDJSON, "x-spoken": spoken, "transfer-encoding": "chunked" });
    const { sent, received } = open(gateway.origin, "/up/import/n", headers);
    sent.write(GOOD);
    await until(
      "the first message is with the upstream",
      () => envelopesIn(upstream.seen(id)[0]?.body ?? Buffer.alloc(0)).messages.length === 1,
    );
    sent.end(GOOD);
    const { status, body } = await received;
    expect([status, body.toString()]).toEqual([200, '{"name":"a"}']);
    const [seen] = await settled(id);
    expect([isTakenForWhole(seen!), envelopesIn(seen!.body).messages.length]).toEqual([true, 2]);
  });
});

const CODECS = [
  ["application/connect+proto", "connect-content-encoding"],
  ["application/grpc-web+proto", "grpc-encoding"],
] as const;

/** The error at the end of a stream, or in the head of a response of trailers alone. */
function errorOf({ headers, body }: { headers: Record<string, unknown>; body: Buffer }): string {
  if (headers["grpc-status"] !== undefined) return `${headers["grpc-status"]} ${decodeURIComponent(String(headers["grpc-message"]))}`;
  const last = envelopesIn(body).messages.at(-1)!;
  const written = Buffer.from(last).toString();
  const status = /grpc-status: (\d+)/.exec(written)?.[1];
  return status === undefined ? written : `${status} ${decodeURIComponent(written)}`;
}

describe.each(CODECS)("a stream of requests in %s", (type, encodingHeader) => {
  const gzip = { [encodingHeader]: "gzip" };
  const bomb = gzipSync(Buffer.alloc(100_000));
  const cases: readonly (readonly [string, readonly Buffer[], Record<string, string>, RegExp])[] = [
    ["a message over the limit", [envelope(ITEM), envelope(Buffer.alloc(MAX_BYTES + 1))], {}, /resource_exhausted|^8 /],
    ["an envelope that is cut short", [envelope(ITEM), envelope(ITEM).subarray(0, 7)], {}, /within a message/],
    ["a header of an envelope that is cut short", [envelope(ITEM), Buffer.from([0, 0])], {}, /within a message/],
    ["a message that is larger than the limit when decompressed", [envelope(ITEM), envelope(bomb, 1)], gzip, /resource_exhausted|^8 /],
    ["a message that cannot be decompressed", [envelope(ITEM), envelope(text("no gzip"), 1)], gzip, /not valid gzip/],
    ["a compressed message that is cut short", [envelope(ITEM), envelope(gzipSync(ITEM).subarray(0, 12), 1)], gzip, /not valid gzip/],
  ];

  for (const spoken of ["both", type.includes("connect") ? "grpc_web" : "connect"]) {
    it.each(cases)(
      `is refused for %s, and not taken for whole by an upstream that speaks ${spoken}`,
      async (_, parts, headers, message) => {
        const { id, headers: all } = newCase(inKind("end"), { "content-type": type, "x-spoken": spoken, ...headers });
        expect(errorOf(await send(gateway.origin, `${SERVICE}/Import`, all, parts))).toMatch(message);
        for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
      },
    );

    it.each(cases)(
      `ends with the error for %s where an upstream that speaks ${spoken} has responded already`,
      async (_, parts, headers, message) => {
        const { id, headers: all } = newCase(inKind("first", true), {
          "content-type": type,
          "x-spoken": spoken,
          ...headers,
          "transfer-encoding": "chunked",
        });
        const { sent, head, received } = open(gateway.origin, `${SERVICE}/Chat`, all);
        sent.write(parts[0]);
        expect((await head).statusCode).toBe(200);
        sent.end(parts[1]);
        const { body, headers: responded, isWhole } = await received;
        expect(isWhole).toBe(true);
        expect(errorOf({ headers: responded, body })).toMatch(message);
        for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
      },
    );
  }

  it("is refused for an unknown coding, with the accepted ones named, before the upstream is called", async () => {
    const { id, headers } = newCase(inKind("end"), { "content-type": type, [encodingHeader]: "snappy" });
    const { headers: responded, body } = await send(gateway.origin, `${SERVICE}/Import`, headers, [envelope(ITEM, 1)]);
    expect(errorOf({ headers: responded, body })).toMatch(/snappy.*gzip, deflate, br, zstd/);
    expect(responded[encodingHeader === "grpc-encoding" ? "grpc-accept-encoding" : "connect-accept-encoding"]).toBe(
      "gzip, deflate, br, zstd",
    );
    expect(upstream.seen(id)).toEqual([]);
  });

  it("passes compressed messages on as they are", async () => {
    const { id, headers } = newCase(inKind("end"), { "content-type": type, ...gzip });
    const message = envelope(gzipSync(Buffer.from([0x0a, 100, ...Buffer.alloc(100, "x")])), 1);
    const whole = Buffer.concat([envelope(ITEM), message, message]);
    const cuts = [whole.subarray(0, 3), whole.subarray(3, 20), whole.subarray(20, 21), whole.subarray(21)];
    expect((await send(gateway.origin, `${SERVICE}/Import`, headers, cuts)).status).toBe(200);
    const [seen] = await settled(id);
    expect(seen!.isEnded).toBe(true);
    expect(seen!.body).toEqual(whole);
  });

  if (type.includes("grpc-web")) {
    it("is refused for base64 that is cut short in text mode, and not taken for whole", async () => {
      const { id, headers } = newCase(inKind("end"), { "content-type": "application/grpc-web-text" });
      const parts = [text(envelope(ITEM).toString("base64")), text("AAAA!")];
      expect(errorOf(await send(gateway.origin, `${SERVICE}/Import`, headers, parts))).toMatch(/^3 .*base64/);
      for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
    });
  }

  it.each([
    ["within a message", envelope(ITEM).subarray(0, 6), "end"],
    ["between two messages", envelope(ITEM), "end"],
    ["after the upstream has begun to respond", envelope(ITEM), "first"],
  ] as const)("is not taken for whole where its caller hangs up %s", async (_, last, when) => {
    const { id, headers } = newCase(inKind(when, true), { "content-type": type, "transfer-encoding": "chunked" });
    const { sent, head } = open(gateway.origin, `${SERVICE}/Chat`, headers);
    sent.on("error", () => undefined);
    head.catch(() => undefined);
    sent.write(envelope(ITEM));
    await until("the first message is with the upstream", () => (upstream.seen(id)[0]?.body.length ?? 0) > 0);
    if (when === "first") await head;
    sent.write(last);
    await until("the second is on its way", () => sent.writableLength === 0);
    sent.destroy();
    for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
  });

  it.each(["end", "first"] as const)("is not taken for whole where its time is up (the upstream responds at the %s)", async (when) => {
    const timeout = type.includes("connect") ? { "connect-timeout-ms": "500" } : { "grpc-timeout": "500m" };
    const { id, headers } = newCase(inKind(when, true), { "content-type": type, ...timeout, "transfer-encoding": "chunked" });
    const { sent, received } = open(gateway.origin, `${SERVICE}/Chat`, headers);
    sent.on("error", () => undefined);
    sent.write(envelope(ITEM));
    expect(errorOf(await received)).toMatch(/deadline_exceeded|^4 /);
    sent.destroy();
    for (const seen of await settled(id)) expect(isTakenForWhole(seen)).toBe(false);
  });
});

describe("a body of known length", () => {
  const post = async (path: string, headers: Record<string, string>, body: Buffer) => {
    const { sent, received } = open(gateway.origin, path, { ...headers, "content-length": String(body.length) });
    sent.end(body);
    return received;
  };

  it.each([
    ["Import", "application/connect+proto", [envelope(ITEM), envelope(ITEM).subarray(0, 6)], /within a message/],
    ["Watch", "application/connect+proto", [envelope(ITEM).subarray(0, 6)], /within a message/],
    ["Say", "application/grpc-web+proto", [envelope(ITEM), Buffer.from([0])], /within a message/],
    ["Say", "application/grpc-web+proto", [envelope(ITEM).subarray(0, 7)], /within a message/],
    ["Watch", "application/grpc-web+proto", [envelope(Buffer.alloc(MAX_BYTES + 1))], /^8 /],
  ] as const)("is refused before the upstream is called: %s in %s", async (method, type, parts, message) => {
    const { id, headers } = newCase(inKind("end"), { "content-type": type });
    expect(errorOf(await post(`${SERVICE}/${method}`, headers, Buffer.concat(parts)))).toMatch(message);
    expect(upstream.seen(id)).toEqual([]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ] as const)("is bounded by what is in it where it is compressed with %s", async (encoding, compress) => {
    for (const [size, isTaken] of [
      [MAX_BYTES, true],
      [MAX_BYTES + 1, false],
      [1_000_000, false],
    ] as const) {
      const message = compress(Buffer.alloc(size, "x"));
      const unary = newCase(inKind("end"), { "content-type": "application/proto", "content-encoding": encoding });
      expect((await post(`${SERVICE}/Say`, unary.headers, message)).status, `${size}`).toBe(isTaken ? 200 : 429);
      expect(upstream.seen(unary.id).map(({ body }) => body)).toEqual(isTaken ? [message] : []);
      const web = newCase(inKind("end"), { "content-type": "application/grpc-web+proto", "grpc-encoding": encoding });
      expect((await post(`${SERVICE}/Say`, web.headers, envelope(message, 1))).headers["grpc-status"], `${size}`).toBe(
        isTaken ? undefined : "8",
      );
      expect(upstream.seen(web.id).map(({ body }) => body)).toEqual(isTaken ? [envelope(message, 1)] : []);
      const query = `connect=v1&encoding=proto&base64=1&compression=${encoding}&message=${message.toString("base64url")}`;
      const get = newCase(inKind("end"));
      const { sent, received } = open(gateway.origin, `${SERVICE}/Get?${query}`, get.headers, "GET");
      sent.end();
      if (query.length < 8_000) expect((await received).status, `GET ${size}`).toBe(isTaken ? 200 : 429);
    }
  });

  it("is bounded without its envelope, and as it was sent", async () => {
    const cases = [
      ["application/proto", Buffer.alloc(MAX_BYTES), true],
      ["application/proto", Buffer.alloc(MAX_BYTES + 1), false],
      ["application/grpc-web+proto", envelope(Buffer.alloc(MAX_BYTES)), true],
      ["application/grpc-web+proto", envelope(Buffer.alloc(MAX_BYTES + 1)), false],
    ] as const;
    for (const [type, body, isTaken] of cases) {
      const { id, headers } = newCase(inKind("end"), { "content-type": type });
      await post(`${SERVICE}/Say`, headers, body);
      expect(upstream.seen(id), `${type} ${body.length}`).toHaveLength(isTaken ? 1 : 0);
    }
  });

  it("is refused for an unknown coding, with the accepted ones named", async () => {
    const { headers } = newCase(inKind("end"), { "content-type": "application/proto", "content-encoding": "snappy" });
    const { status, headers: responded, body } = await post(`${SERVICE}/Say`, headers, ITEM);
    expect([status, responded["accept-encoding"]]).toEqual([501, "gzip, deflate, br, zstd"]);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "unimplemented", message: expect.stringContaining("snappy") });
  });
});

describe("a plain HTTP upload of unknown length", () => {
  const ok: Behavior = { when: "end", respond: () => ({ headers: { "content-type": "text/plain" }, parts: [text("stored")] }) };

  it("is passed on as it comes", async () => {
    const { id, headers } = newCase(ok, { "content-type": "application/octet-stream", "transfer-encoding": "chunked" });
    const { sent, received } = open(gateway.origin, "/files/a", headers, "PUT");
    sent.write("first");
    await until("the first bytes are with the upstream", () => upstream.seen(id)[0]?.body.toString() === "first");
    sent.end("last");
    expect((await received).body.toString()).toBe("stored");
    expect((await settled(id))[0]).toMatchObject({ isEnded: true, body: text("firstlast") });
  });

  it("is broken off over the limit, with 413", async () => {
    const { id, headers } = newCase(ok, { "content-type": "application/octet-stream" });
    const { status } = await send(gateway.origin, "/files/a", headers, [Buffer.alloc(600), Buffer.alloc(401)]);
    expect(status).toBe(413);
    for (const seen of await settled(id)) expect(seen.isEnded).toBe(false);
  });

  it("is not taken for whole where its caller hangs up", async () => {
    const { id, headers } = newCase(ok, { "transfer-encoding": "chunked" });
    const { sent } = open(gateway.origin, "/files/a", headers, "PUT");
    sent.on("error", () => undefined);
    sent.write("first");
    await until("the first bytes are with the upstream", () => (upstream.seen(id)[0]?.body.length ?? 0) > 0);
    sent.destroy();
    for (const seen of await settled(id)) expect(seen.isEnded).toBe(false);
  });
});
