// Headers and framing over sockets: what the gateway refuses, what it writes itself, and what an upstream never receives.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";
import type { Received } from "./origin.ts";
import { itEach, type Row } from "./rows.ts";
import { type Answer, exchange } from "./wire.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
let bench: FaultBench | undefined;

beforeAll(async () => {
  const services = (url: string) => ({ "users.v1.UserService": { upstream: { url } } });
  bench = await startFaultBench({
    config: (url) => ({
      rateLimits: { who: { capacity: 1, rate: 1, key: { header: "x-who" } } },
      services: services(url),
      httpRoutes: { "/pub/": { upstream: { url } } },
    }),
  });
});
afterAll(() => bench?.stop());

const PATH = "/users.v1.UserService/UpdateUser";
const CHUNKS = "2\r\n{}\r\n0\r\n\r\n";

/** A call with these fields; the host is one of them where it is not `gateway.test`. */
function call(fields: readonly string[], rest = "content-length: 2\r\n\r\n{}", line = `POST ${PATH} HTTP/1.1`): string {
  const host = fields.some((field) => /^host\b/i.test(field)) ? [] : ["host: gateway.test"];
  return [line, ...host, "content-type: application/json", ...fields, rest].join("\r\n");
}

/** The upstream has received one body, whose length is stated once, and no field that holds two lines. */
function isFramedOnce(_: Answer, received: readonly Received[]): void {
  const { fields, body } = received[0]!;
  expect([received.length, fields.has("content-length") && fields.has("transfer-encoding"), body.toString()]).toEqual([1, false, "{}"]);
  expect([...fields.values()].filter((value) => /[\r\n\0]/.test(value))).toEqual([]);
}

const REFUSED = { status: 400, code: "invalid_argument" } as const;
const SERVED = { status: 200, received: 1, fault: "none" } as const;
/** workerd refuses it before the Worker sees it. */
const UNSEEN = { status: [400, 500, 501] } as const;

describe("framing", () => {
  const second = "GET /pub/smuggled HTTP/1.1\r\nhost: gateway.test\r\n\r\n";
  itEach(
    () => bench!,
    [
      // workerd takes Content-Length away, frames by the chunks, and closes the connection: what follows is not read as a request.
      {
        id: "F01",
        does: "frames by the chunks where a length is stated, too, and reads nothing after them",
        send: [call(["content-length: 4", "transfer-encoding: chunked"], `\r\n${CHUNKS}${second}`)],
        ...SERVED,
        check: isFramedOnce,
      },
      ...["gzip, chunked", "chunked, chunked", "chunked, gzip", "identity"].map((coding): Row => {
        const send = [call([`transfer-encoding: ${coding}`], `\r\n${CHUNKS}`)];
        return { id: "F03", does: `refuses the transfer coding ${coding}`, send, ...UNSEEN };
      }),
      {
        id: "F03",
        does: "refuses Transfer-Encoding twice",
        send: [call(["transfer-encoding: chunked", "transfer-encoding: chunked"], `\r\n${CHUNKS}`)],
        ...UNSEEN,
      },
      { id: "F04", does: "refuses a space before the colon", send: [call(["transfer-encoding : chunked"], `\r\n${CHUNKS}`)], ...UNSEEN },
      { id: "F12", does: "refuses a folded field", send: [call(["x-fold: a\r\n  b"])], ...UNSEEN },
      { id: "F12", does: "refuses a version of HTTP that is none", send: [call([], undefined, `POST ${PATH} HTTP/9.9`)], ...UNSEEN },
      { id: "F12", does: "reads lines that end in LF alone", send: [call([]).replaceAll("\r\n", "\n")], ...SERVED, check: isFramedOnce },
    ],
  );
});

describe("hosts", () => {
  const wrong = ["a b@c", "gateway.test/users.v1.UserService", "user@gateway.test", "a, b", "gateway.test?x", "gateway.test#x", ""];
  itEach(
    () => bench!,
    [
      ...wrong.map((host): Row => ({ id: "F11", does: `refuses the host "${host}"`, send: [call([`host: ${host}`])], ...UNSEEN })),
      { id: "F11", does: "refuses two hosts", send: [call(["host: gateway.test", "host: other.test"])], ...UNSEEN },
      {
        id: "F11",
        does: "routes a request by its path alone, and forwards no host, where the target has one of its own",
        send: [call(["host: other.test"], undefined, `POST http://third.test${PATH} HTTP/1.1`)],
        ...SERVED,
        check: (_, [received]) => expect(received!.fields.get("host")).toMatch(/^127\.0\.0\.1:\d+$/),
      },
    ],
  );
});

describe("headers", () => {
  const forged = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "true-client-ip", "forwarded", "cf-access-jwt-assertion", "via"];
  const many = Array.from({ length: 500 }, (_, at) => `x-${at}: v`);
  itEach(
    () => bench!,
    [
      {
        id: "H01",
        does: "removes what Connection names, but no field that names the caller",
        send: [call(["connection: keep-alive, X-Secret, Authorization, X-Who", "x-secret: 1", "authorization: Bearer a", "x-who: ada"])],
        ...SERVED,
        check: (_, [received]) => {
          const { fields } = received!;
          expect([fields.get("authorization"), fields.get("x-who"), fields.has("x-secret")]).toEqual(["Bearer a", "ada", false]);
        },
      },
      {
        id: "H02",
        does: "writes the address that the edge reports over the one that a caller claims",
        send: [call(["cf-connecting-ip: 192.0.2.7", ...forged.map((name) => `${name}: 6.6.6.6`)])],
        ...SERVED,
        check: (_, [received]) => {
          const left = [...forged, "cf-connecting-ip"].filter((name) => received!.fields.has(name));
          expect([left, received!.fields.get("x-forwarded-for")]).toEqual([["x-forwarded-for"], "192.0.2.7"]);
        },
      },
      {
        id: "H03",
        does: "refuses CF-Connecting-IP twice",
        send: [call(["cf-connecting-ip: 1.1.1.1", "cf-connecting-ip: 2.2.2.2"])],
        ...REFUSED,
      },
      {
        id: "H04",
        does: "serves a Worker of another zone",
        send: [call(["cf-connecting-ip: 2a06:98c0:3600::103", "cf-worker: other.example"])],
        ...SERVED,
        check: (_, [received]) => expect(received!.fields.has("cf-worker")).toBe(false),
      },
      { id: "H05", does: "refuses X_Forwarded_For", send: [call(["X_Forwarded_For: 6.6.6.6"])], ...REFUSED },
      { id: "H05", does: "refuses a name with a dot", send: [call(["x.forwarded.for: 6.6.6.6"])], ...REFUSED },
      {
        id: "H06",
        does: "forwards no header that is reserved for Tidegate",
        send: [call(["tidegate-operator: eve", "x-tidegate-tenant: eve", "tidegate-criticality: critical_plus"])],
        ...SERVED,
        check: (_, [received]) => {
          const own = [...received!.fields.keys()].filter((name) => name.includes("tidegate"));
          expect([own, received!.fields.get("tidegate-hops")]).toEqual([["tidegate-hops"], "1"]); // the gateway's own count
        },
      },
      { id: "H07", does: "refuses 500 headers", send: [call(many)], status: 431, code: "resource_exhausted" },
      {
        id: "H07",
        does: "refuses a header of 70 KB",
        send: [call([`x-a: ${"v".repeat(70_000)}`])],
        status: 431,
        code: "resource_exhausted",
      },
      {
        id: "H07",
        does: "refuses 500 headers where nothing is served",
        send: [call(many, undefined, "GET /nothing HTTP/1.1")],
        status: 431,
        code: 8,
      },
      {
        id: "H08",
        does: "starts a trace for a malformed one, and replaces a request id that a terminal would act on",
        send: [call([`traceparent: ${TRACE}x`, `tracestate: ${"a=1,".repeat(1_250)}`, "x-request-id: a\u001b[31m"])],
        ...SERVED,
        check: ({ fields: returned }, [received]) => {
          const { fields } = received!;
          expect([fields.get("traceparent")?.includes(TRACE.slice(3, 35)), fields.has("tracestate")]).toEqual([false, false]);
          expect([fields.get("x-request-id"), returned.get("x-request-id")]).toEqual([returned.get("x-request-id"), expect.any(String)]);
          expect(returned.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
        },
      },
      {
        id: "H08",
        does: "cuts a tracestate of 5 KB to 32 whole members",
        send: [call([`traceparent: ${TRACE}`, `tracestate: ${Array.from({ length: 500 }, (_, at) => `k${at}=value`).join()}`])],
        ...SERVED,
        check: (_, [received]) => expect(received!.fields.get("tracestate")!.split(",")).toHaveLength(32),
      },
      {
        id: "H08",
        does: "shows at most 128 characters of a header, and none that a terminal would act on",
        send: [call(["content-type: \u001b[31m".padEnd(20_000, "x")]).replace("content-type: application/json\r\n", "")],
        status: 415,
        check: ({ body }) => {
          expect(body.length).toBeLessThan(600);
          expect(body.toString()).toContain("\\\\u{1b}[31mxxx");
        },
      },
    ],
  );

  /** Every header that the gateway or a host reads or writes. */
  const READ = [
    ...["accept", "accept-encoding", "authorization", "cache-control", "connect-accept-encoding", "connect-content-encoding"],
    ...["connect-protocol-version", "connect-timeout-ms", "content-encoding", "content-type", "cookie", "expect", "grpc-accept-encoding"],
    ...["grpc-encoding", "grpc-timeout", "if-none-match", "origin", "range", "te", "traceparent", "tracestate", "x-request-id", "x-who"],
    ...["cf-connecting-ip", "cf-worker", "connection", "tidegate-attempt", "x-grpc-web", "x-http-method-override", "x-own"],
  ];

  it.each(READ)("in %s make no fault of the gateway, whatever bytes they are", async (name) => {
    const { gateway, log, clearLog } = bench!;
    clearLog();
    for (const value of [
      "\u00e9\u0080\u00ff",
      "\u001b[31m",
      "\u007f",
      '"',
      ",,;=",
      " \t ",
      "\u00c3\u00a9".repeat(2_000),
      "a".repeat(9_000),
    ]) {
      const rpc = call([`${name}: ${value}`]);
      const http = call([`${name}: ${value}`], "\r\n", "GET /pub/x HTTP/1.1").replace("content-type: application/json\r\n", "");
      for (const sent of [name === "content-type" ? rpc.replace("content-type: application/json\r\n", "") : rpc, http]) {
        const { status } = await exchange(gateway.port, [sent]);
        expect(status < 500 || status === 501, `${JSON.stringify(value.slice(0, 20))}: ${status}`).toBe(true);
      }
    }
    expect(errorLines(log)).toEqual([]);
  });
});
