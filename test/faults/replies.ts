// The responses of the raw origin: good ones in the protocol of the request, and one for each fault of an upstream.
import { gzipSync } from "node:zlib";
import type { Received, Reply } from "./origin.ts";

/** `User { id: "usr_1" }` */
const USER = Buffer.from([0x0a, 5, ...Buffer.from("usr_1")]);
const USER_JSON = '{"id":"usr_1"}';

function envelope(flags: number, data: Uint8Array | string): Buffer {
  const bytes = Buffer.from(data as string);
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A response with a `content-length`, which `missing` makes larger than the body. */
export function response(status: number | string, fields: readonly string[], body: Uint8Array | string = "", missing = 0): Buffer {
  const data = Buffer.from(body as string);
  const head = [`HTTP/1.1 ${status} X`, ...fields, `content-length: ${data.length + missing}`, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), data]);
}

/** Type and body of a good response: one user, in the protocol of the request; text for plain HTTP. */
function good({ line, fields }: Received): { readonly type: string; readonly body: Buffer } {
  const type = fields.get("content-type") ?? "";
  if (type.startsWith("application/grpc-web"))
    return { type, body: Buffer.concat([envelope(0, USER), envelope(0x80, "grpc-status: 0\r\n")]) };
  if (type.startsWith("application/connect+"))
    return { type, body: Buffer.concat([envelope(0, type.endsWith("json") ? USER_JSON : USER), envelope(2, "{}")]) };
  if (/^\w+ \S*[?&]connect=v1/.test(line))
    return /encoding=json/.test(line)
      ? { type: "application/json", body: Buffer.from(USER_JSON) }
      : { type: "application/proto", body: USER };
  if (type === "application/json") return { type, body: Buffer.from(USER_JSON) };
  if (type === "application/proto") return { type, body: USER };
  return { type: "text/plain", body: Buffer.from("good\n") };
}

const HTML = "<html><script>alert(1)</script>at Server.handle (/srv/app.js:1)</html>";
const raw = (bytes: Uint8Array | string, end: Reply["end"] = "close"): Reply => ({ bytes, end });
const chunkedHead = (type: string): string => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;

/** Each fault as a reply to a request, whose good response has this type and body. */
const FAULTS = {
  "bad-status-line": () => raw("HTP/9 what\r\n\r\n"),
  garbage: () => raw(Buffer.from([0x16, 3, 1, 0, 0xff, 0, 0x80, 0x0d, 0x0a, 0x0d, 0x0a])),
  "status-99": (type, body) => raw(response("99", [`content-type: ${type}`], body)),
  "status-101": () => raw("HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", "keep"),
  "status-999": (type, body) => raw(response("999", [`content-type: ${type}`], body)),
  "status-103": (type, body) =>
    raw(
      Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"), response(200, [`content-type: ${type}`], body)]),
      "keep",
    ),
  "both-lengths": (type, body) =>
    raw(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`),
        chunk(body),
        Buffer.from("0\r\n\r\n"),
      ]),
    ),
  "two-lengths": (type, body) => raw(response(200, [`content-type: ${type}`, "content-length: 3"], body)),
  "bad-chunk": (type, body) => raw(Buffer.concat([Buffer.from(chunkedHead(type)), chunk(body), Buffer.from("zz\r\nabc\r\n0\r\n\r\n")])),
  "bad-gzip": (type, body) => raw(response(200, [`content-type: ${type}`, "content-encoding: gzip"], body)),
  "short-gzip": (type, body) => raw(response(200, [`content-type: ${type}`, "content-encoding: gzip"], gzipSync(body).subarray(0, -6))),
  "half-body": (type, body) => raw(response(200, [`content-type: ${type}`], body.subarray(0, Math.ceil(body.length / 2)), 5)),
  "half-body-reset": (type, body) => raw(response(200, [`content-type: ${type}`], body, 5), "reset"),
  "no-body": (type) => raw(response(200, [`content-type: ${type}`], "", 20)),
  "no-response": () => raw(""),
  reset: () => raw("", "reset"),
  "big-header": (type, body) => raw(response(200, [`content-type: ${type}`, `x-big: ${"x".repeat(300_000)}`], body), "keep"),
  "204-with-body": () => raw("HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nextra"),
  "304-with-body": () => raw('HTTP/1.1 304 Not Modified\r\netag: "a"\r\ncontent-length: 5\r\n\r\nextra'),
  drip: (type) => ({ bytes: response(200, [`content-type: ${type}`], " ".repeat(10_000)), end: "keep", everyMs: 300 }),
  hang: () => raw("", "keep"),
  endless: (type) => ({ bytes: chunkedHead(type), end: "keep", again: chunk(Buffer.alloc(65_536, 0x20)) }),
  html: () => raw(response(200, ["content-type: text/html"], HTML), "keep"),
  "html-502": () => raw(response(502, ["content-type: text/html"], HTML), "keep"),
  "connect-503": () => raw(response(503, ["content-type: application/json"], '{"code":"unavailable","message":"busy"}'), "keep"),
  "redirect-metadata": () => raw(response(302, ["location: http://169.254.169.254/latest/meta-data/"]), "keep"),
  "server-fields": (type, body) =>
    raw(
      response(
        200,
        [`content-type: ${type}`, "server: Secret/1.2", "x-powered-by: PHP/4", "set-cookie: a=1", "connection: x-foo", "x-foo: 1"],
        body,
      ),
      "keep",
    ),
} as const satisfies Readonly<Record<string, (type: string, body: Buffer) => Reply>>;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

function chunk(data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from("\r\n")]);
}

export function replyTo(request: Received, fault: FaultName | undefined): Reply {
  const { type, body } = good(request);
  if (fault !== undefined && Object.hasOwn(FAULTS, fault)) return FAULTS[fault](type, body);
  const isHead = request.line.startsWith("HEAD ");
  return { bytes: response(200, [`content-type: ${type}`], isHead ? "" : body, isHead ? body.length : 0), end: "keep" };
}
