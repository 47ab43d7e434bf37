// Upstreams whose responses are no RPC responses, or not all of one: over sockets, from a raw TCP server through the gateway in workerd.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";
import { chunked, type RawUpstream, type Reply, rawUpstream, response } from "./raw-upstream.ts";

const SERVICE = "users.v1.UserService";
const folder = mkdtempSync(join(tmpdir(), "tidegate-foreign-"));
let upstream: RawUpstream;
let gateway: Running;
let reply: Reply = { bytes: "", end: "close" };

const html = { "content-type": "text/html" };
const json = { "content-type": "application/json" };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function envelope(flags: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(data.byteLength, 1);
  return Buffer.concat([head, data]);
}

/** What a caller reads of an error, in whichever protocol. */
interface Failure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

interface Caller {
  readonly name: string;
  readonly gateways: readonly string[];
  readonly isRead: boolean | "translated"; // whether the gateway reads the messages of responses
  readonly isUnary: boolean;
  readonly type: string; // content type of a good response of an upstream that is called in the caller's protocol
  call(gateway: string): Promise<Response>;
  failure(response: Response): Promise<Failure>;
}

function post(type: string, method: string, body: Uint8Array | string) {
  return (name: string): Promise<Response> =>
    fetch(`${gateway.origin}/${SERVICE}/${method}`, {
      method: "POST",
      headers: { "content-type": type, "x-gateway": name },
      body: body as string,
      signal: AbortSignal.timeout(30_000),
    });
}

function get(path: string, headers: Record<string, string> = {}) {
  return (name: string): Promise<Response> =>
    fetch(gateway.origin + path, { headers: { "x-gateway": name, ...headers }, signal: AbortSignal.timeout(30_000) });
}

const CODES = ["ok", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied"];
const MORE = [
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
];
const nameOf = (code: number): string => [...CODES, ...MORE][code] ?? String(code);

async function connectFailure(got: Response): Promise<Failure> {
  const { code, message } = (await got.json()) as { code: string; message: string };
  return { status: got.status, code, message };
}

async function streamFailure(got: Response): Promise<Failure> {
  const bytes = Buffer.from(await got.arrayBuffer());
  let at = 0;
  for (; bytes[at] === 0; at += 5 + bytes.readUInt32BE(at + 1));
  const { error } = JSON.parse(bytes.subarray(at + 5).toString()) as { error: { code: string; message: string } };
  return { status: got.status, ...error };
}

async function grpcWebFailure(got: Response): Promise<Failure> {
  let fields = got.headers;
  const body = Buffer.from(await got.arrayBuffer());
  if (!fields.has("grpc-status")) {
    const text = body.subarray(body.lastIndexOf(0x80) + 5).toString();
    fields = new Headers(
      text
        .trim()
        .split("\r\n")
        .map((line) => line.split(": ") as [string, string]),
    );
  }
  const message = decodeURIComponent(fields.get("grpc-message") ?? "");
  return { status: got.status, code: nameOf(Number(fields.get("grpc-status"))), message };
}

async function restFailure(got: Response): Promise<Failure> {
  const text = await got.text();
  const line = text
    .trim()
    .split("\n")
    .at(-1)!
    .replace(/^event: error$|^data: /gm, "");
  const parsed = JSON.parse(line) as unknown;
  const last = Array.isArray(parsed) ? (parsed.at(-1) as unknown) : parsed;
  const { code, message } = (last as { error?: { code: number; message: string } }).error ?? (last as { code: number; message: string });
  return { status: got.status, code: nameOf(code), message };
}

const GET_URL = `/${SERVICE}/GetUser?connect=v1&encoding=json&message=${encodeURIComponent('{"id":"a"}')}`;
const ALL = ["both", "connect", "grpc_web"];
const connectUnary = { isRead: "translated" as const, isUnary: true, failure: connectFailure, gateways: ALL };
const CALLERS: readonly Caller[] = [
  { name: "Connect unary in JSON", type: "application/json", call: post("application/json", "GetUser", "{}"), ...connectUnary },
  { name: "Connect unary in binary", type: "application/proto", call: post("application/proto", "GetUser", ""), ...connectUnary },
  { name: "Connect GET", type: "application/json", call: get(GET_URL), ...connectUnary },
  {
    ...{ name: "Connect stream", type: "application/connect+json", isRead: "translated", isUnary: false, gateways: ALL },
    call: post("application/connect+json", "WatchUsers", envelope(0, utf8("{}"))),
    failure: streamFailure,
  },
  {
    ...{ name: "gRPC-Web unary", type: "application/grpc-web+proto", isRead: "translated", isUnary: true, gateways: ALL },
    call: post("application/grpc-web+proto", "GetUser", envelope(0, utf8(""))),
    failure: grpcWebFailure,
  },
  {
    ...{ name: "gRPC-Web stream", type: "application/grpc-web+proto", isRead: "translated", isUnary: false, gateways: ALL },
    call: post("application/grpc-web+proto", "WatchUsers", envelope(0, utf8(""))),
    failure: grpcWebFailure,
  },
  {
    ...{ name: "REST unary", type: "application/proto", isRead: true, isUnary: true, gateways: ALL },
    call: get("/api/v1/users/a"),
    failure: restFailure,
  },
  {
    ...{ name: "REST stream as an array", type: "application/connect+proto", isRead: true, isUnary: false, gateways: ALL },
    call: get("/api/v1/users:watch"),
    failure: restFailure,
  },
  {
    ...{ name: "REST stream as lines", type: "application/connect+proto", isRead: true, isUnary: false, gateways: ALL },
    call: get("/api/v1/users:watch", { accept: "application/x-ndjson" }),
    failure: restFailure,
  },
];

const settings = (protocol: string, more: object = {}) => ({
  upstream: { url: `http://127.0.0.1:${upstream.port}`, protocol, retryBudget: { minPerSecond: 1_000 } },
  retries: { max: 1, baseMs: 1 },
  breaker: { mode: "off" },
  throttle: { mode: "off" },
  ...more,
});
const counting = (protocol = "both") => settings(protocol, { retries: { max: 0 }, breaker: { consecutive: 3, minCalls: 6 } });
/** One gateway for each kind of failure that has to count. */
const COUNTING = ["html", "cut", "trailers", "stream", "foreign", "decoded", "caller"];

beforeAll(async () => {
  upstream = await rawUpstream(() => reply);
  const gateways = Object.fromEntries([
    ...ALL.map((protocol) => [protocol, settings(protocol)] as const),
    ...COUNTING.map((name) => [name, counting(name === "trailers" ? "grpc_web" : "both")] as const),
  ]);
  const subject = { entry: "test/support/raw-gateway.ts", about: "", variables: { GATEWAYS: JSON.stringify(gateways) }, prepare: nothing };
  gateway = await start(join(folder, "gateway"), subject, { upstreamPort: upstream.port, cpu: 0 });
}, 60_000);

afterAll(() => {
  gateway?.stop();
  upstream?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => void upstream.taken());

function nothing(): never {
  throw new Error("nothing is measured here");
}

/** The protocol in which the upstream is called, and so the content type of its good responses. */
function wireType({ name, type, isUnary }: Caller, protocol: string): string {
  const isJson = type.endsWith("json");
  const isGrpcWeb = protocol === "grpc_web" || (protocol === "both" && name.startsWith("gRPC-Web"));
  if (isGrpcWeb) return `application/grpc-web+${isJson ? "json" : "proto"}`;
  return `application/${isUnary ? "" : "connect+"}${isJson ? "json" : "proto"}`;
}

function expectUpstreamsFault(failure: Failure, codes: readonly string[]): void {
  expect(codes).toContain(failure.code);
  expect(failure.message).toContain(`upstream ${SERVICE} `);
  expect(failure.message).not.toMatch(/internal error|127\.0\.0\.1|localhost|USERS/);
}

const PAIRS = CALLERS.flatMap((caller) =>
  caller.gateways.map((protocol) => ({ caller, protocol, title: `${caller.name}, upstream ${protocol}` })),
);

/** Heads that no RPC response has: what the caller gets, and how often a call that is safe to repeat is made. */
const HEADS: readonly (readonly [string, (type: string) => Buffer, string, number, RegExp])[] = [
  ["HTML", () => response(200, html, "<html>"), "internal", 2, /"text\/html"/],
  ["another content type", () => response(200, { "content-type": "application/vnd.api+json" }, "{}"), "internal", 2, /vnd\.api/],
  ["no content type", () => response(200, {}, "{}"), "internal", 2, /no content type/],
  ["nothing at all", () => response(200, {}), "internal", 2, /no content type/],
  ["204", () => Buffer.from("HTTP/1.1 204 X\r\n\r\n"), "internal", 2, /status 204/],
  ["a redirect", () => response(302, { ...html, location: "http://evil.example" }), "internal", 2, /redirect/],
  ["a proxy's 502", () => response(502, html, "<html>"), "unavailable", 2, /status 502/],
  ["a proxy's 503", () => response(503, { ...html, "retry-after": "0" }, "<html>"), "unavailable", 2, /status 503/],
  ["a server's 500", () => response(500, { "content-type": "text/plain" }, "boom"), "internal", 2, /status 500/],
  ["foreign JSON under 500", () => response(500, json, '{"timestamp":1,"error":"Oops"}'), "internal", 2, /status 500/],
  ["foreign JSON under 404", () => response(404, json, '{"message":"no Route matched"}'), "unimplemented", 1, /status 404/],
  ["a server's 404", () => response(404, html, "<html>"), "unimplemented", 1, /does not serve this method/],
  ["a wall's 401", () => response(401, html, "<html>"), "unauthenticated", 1, /status 401/],
  ["a wall's 403", () => response(403, html, "<html>"), "permission_denied", 1, /status 403/],
  ["a proxy's 400", () => response(400, html, "<html>"), "internal", 1, /status 400/],
  ["505", () => response(505, {}), "internal", 1, /HTTP\/2/],
  ["415", () => response(415, {}), "internal", 1, /set upstream\.protocol/],
  ["gRPC", () => response(200, { "content-type": "application/grpc+proto" }), "internal", 2, /set upstream\.protocol: "grpc"/],
];

describe.each(PAIRS)("$title", ({ caller, protocol }) => {
  const isRepeated = caller.isUnary;

  it.each(HEADS)("gets an error of its own for %s", async (_, bytes, code, attempts, message) => {
    reply = { bytes: bytes(wireType(caller, protocol)), end: "keep" };
    const got = await caller.call(protocol);
    const failure = await caller.failure(got);
    expectUpstreamsFault(failure, [code]);
    expect(failure.message).toMatch(message);
    if (got.headers.get("content-type")?.startsWith("application/json")) {
      if (caller.isUnary && code === "internal") expect(failure.status).toBe(502);
      if (caller.isUnary && code === "unavailable") expect(failure.status).toBe(503);
    }
    expect(upstream.taken()).toHaveLength(isRepeated ? attempts : 1);
  });

  it("names the protocol to set if the upstream uses the other one", async () => {
    const isGrpcWeb = wireType(caller, protocol).startsWith("application/grpc-web");
    const other = isGrpcWeb ? "application/connect+json" : "application/grpc-web+proto";
    reply = { bytes: response(200, { "content-type": other }, envelope(0, utf8(""))), end: "keep" };
    const failure = await caller.failure(await caller.call(protocol));
    expectUpstreamsFault(failure, ["internal"]);
    expect(failure.message).toContain(`set upstream.protocol: "${isGrpcWeb ? "connect" : "grpc_web"}"`);
  });

  it("is not handed a response in another codec", async () => {
    const type = wireType(caller, protocol);
    const other = type.endsWith("json") ? type.replace(/json$/, "proto") : type.replace(/proto$/, "json");
    reply = { bytes: response(200, { "content-type": other }, "{}"), end: "keep" };
    expectUpstreamsFault(await caller.failure(await caller.call(protocol)), ["internal"]);
  });

  it.each(["close", "reset"] as const)("gets an error of its own where the connection ends without a response (%s)", async (end) => {
    reply = { bytes: "", end };
    expectUpstreamsFault(await caller.failure(await caller.call(protocol)), ["unavailable"]);
    expect(upstream.taken().length).toBe(isRepeated ? 2 : 1);
  });

  const isPassed = caller.isRead !== true && wireType(caller, protocol) === caller.type;
  const good = (): Buffer => (caller.type.endsWith("json") ? Buffer.from("{}") : Buffer.from(caller.isUnary ? [10, 1, 97] : []));
  const isEnveloped = !caller.isUnary || wireType(caller, protocol).startsWith("application/grpc-web");
  const bodies: readonly (readonly [string, () => Reply])[] = [
    ["its content-length", () => ({ bytes: response(200, { "content-type": wireType(caller, protocol) }, part(), 10), end: "close" })],
    ["its last chunk", () => ({ bytes: chunked(200, { "content-type": wireType(caller, protocol) }, [part()], false), end: "close" })],
    [
      "its last chunk, by a reset",
      () => ({ bytes: chunked(200, { "content-type": wireType(caller, protocol) }, [part()], false), end: "reset" }),
    ],
  ];
  const part = (): Buffer => (isEnveloped ? envelope(0, good()) : good());

  it.each(bodies)("never takes a body for whole that ends before %s", async (_, bytes) => {
    reply = bytes();
    if (isPassed && !caller.isUnary) {
      await expect(caller.call(protocol).then((got) => got.arrayBuffer())).rejects.toThrow(); // broken, as it came
      return;
    }
    expectUpstreamsFault(await caller.failure(await caller.call(protocol)), ["unavailable"]);
    expect(upstream.taken().length).toBe(isRepeated ? 2 : 1);
  });

  const ends: readonly (readonly [string, () => Buffer])[] = [
    ["without its end", () => part()],
    ["empty", () => Buffer.alloc(0)],
  ];
  it.runIf(isEnveloped && !isPassed).each(ends)("never takes envelopes for whole that end %s", async (_, bytes) => {
    reply = {
      bytes: chunked(
        200,
        { "content-type": wireType(caller, protocol) },
        [bytes()].filter(({ length }) => length > 0),
      ),
      end: "keep",
    };
    expectUpstreamsFault(await caller.failure(await caller.call(protocol)), ["unavailable"]);
    expect(upstream.taken().length).toBe(isRepeated ? 2 : 1);
  });
});

describe("messages that the gateway reads", () => {
  const rest = CALLERS.find(({ name }) => name === "REST unary")!;
  const stream = CALLERS.find(({ name }) => name === "REST stream as lines")!;
  const proto = { "content-type": "application/proto" };
  const connect = { "content-type": "application/connect+proto" };
  const grpcWeb = { "content-type": "application/grpc-web+proto" };
  const trailers = envelope(0x80, utf8("grpc-status: 0\r\n"));
  const gzip = { "content-encoding": "gzip" };

  it.each([
    ["no message of its type", "both", () => response(200, proto, Buffer.from([255, 255])), /are not a users\.v1\.User/],
    ["compressed, unasked", "both", () => response(200, { ...proto, ...gzip }, Buffer.from([31, 139])), /encoding "gzip"/],
    ["no envelope", "grpc_web", () => response(200, grpcWeb, "<html><body></body></html>"), /not an envelope/],
    [
      "no message of its type in its envelope",
      "grpc_web",
      () => response(200, grpcWeb, both(envelope(0, utf8("\u00ff\u00ff")), trailers)),
      /are not a users/,
    ],
    ["compressed without a header", "grpc_web", () => response(200, grpcWeb, both(envelope(1, utf8("x")), trailers)), /compressed/],
    [
      "trailers that do not decompress",
      "grpc_web",
      () => response(200, { ...grpcWeb, "grpc-encoding": "gzip" }, both(envelope(0, utf8("")), envelope(0x81, utf8("no gzip")))),
      /decompressed/,
    ],
  ])("are the upstream's fault: %s", async (_, protocol, bytes, message) => {
    reply = { bytes: bytes(), end: "keep" };
    const failure = await rest.failure(await rest.call(protocol));
    expectUpstreamsFault(failure, ["internal"]);
    expect(failure.status).toBe(502);
    expect(failure.message).toMatch(message);
    expect(upstream.taken()).toHaveLength(2);
  });

  it.each([
    ["no envelope", () => chunked(200, connect, ["<html><body></body></html>"]), "internal", /not an envelope/],
    ["no message of its type", () => chunked(200, connect, [envelope(0, utf8("\u00ff\u00ff"))]), "internal", /are not a users/],
    [
      "an end that can't be read",
      () => chunked(200, connect, [envelope(2, utf8("<html>"))]),
      "internal",
      /an invalid end-of-stream message/,
    ],
    ["half an envelope", () => chunked(200, connect, [envelope(0, utf8("abcd")).subarray(0, 7)]), "unavailable", /within a message/],
  ])("are the upstream's fault within a stream: %s", async (_, bytes, code, message) => {
    reply = { bytes: bytes(), end: "keep" };
    const failure = await stream.failure(await stream.call("both"));
    expectUpstreamsFault(failure, [code]);
    expect(failure.message).toMatch(message);
  });

  it("may be an error in the headers of a gRPC-Web response alone", async () => {
    reply = { bytes: response(200, { ...grpcWeb, "grpc-status": "5", "grpc-message": "no such user" }), end: "keep" };
    expect(await rest.failure(await rest.call("grpc_web"))).toEqual({ status: 404, code: "not_found", message: "no such user" });
  });
});

function both(one: Uint8Array, other: Uint8Array): Buffer {
  return Buffer.concat([one, other]);
}

describe("an endpoint", () => {
  const unary = CALLERS[0]!;
  const rest = CALLERS.find(({ name }) => name === "REST unary")!;
  const stream = CALLERS.find(({ name }) => name === "REST stream as lines")!;
  const isOpen = async (caller: Caller, name: string): Promise<boolean> => {
    upstream.taken();
    const { message } = await caller.failure(await caller.call(name));
    return upstream.taken().length === 0 && message.includes("is failing");
  };
  const proto = { "content-type": "application/proto" };

  it.each([
    ["html", unary, () => ({ bytes: response(200, html, "<html>"), end: "keep" }), 3],
    ["foreign", unary, () => ({ bytes: response(500, json, "{}"), end: "keep" }), 3],
    ["cut", rest, () => ({ bytes: response(200, proto, "", 10), end: "close" }), 3],
    ["decoded", rest, () => ({ bytes: response(200, proto, "\u00ff"), end: "keep" }), 3],
    ["trailers", rest, () => ({ bytes: response(200, { "content-type": "application/grpc-web+proto" }), end: "keep" }), 3],
    [
      "stream",
      stream,
      () => ({ bytes: chunked(200, { "content-type": "application/connect+proto" }, [envelope(0, utf8(""))]), end: "keep" }),
      6,
    ],
  ] as const)("is closed by responses that are none: %s", async (name, caller, bytes, calls) => {
    reply = bytes() as Reply;
    for (let call = 0; call < calls; call++)
      expectUpstreamsFault(await caller.failure(await caller.call(name)), ["internal", "unavailable"]);
    expect(await isOpen(caller, name)).toBe(true);
  });

  it("stays open for what a proxy before it refuses", async () => {
    for (const status of [400, 401, 403, 404, 415, 429, 505]) {
      reply = { bytes: response(status, html, "<html>"), end: "keep" };
      for (let call = 0; call < 4; call++) await (await unary.call("caller")).arrayBuffer();
    }
    expect(await isOpen(unary, "caller")).toBe(false);
  });

  it("has its Retry-After handed on", async () => {
    reply = { bytes: response(503, { ...html, "retry-after": "7" }, "<html>"), end: "keep" };
    expect((await rest.call("caller")).headers.get("retry-after")).toBe("7");
  });
});
