// What is an RPC response, what is none, and what its caller is told: heads, envelopes, and native gRPC endpoints.
import { describe, expect, it } from "vitest";
import { concurrently } from "../../../core/concurrently.ts";
import { isNativeGrpcUrl } from "../../../core/protocol/native-grpc.ts";
import { responseStream } from "../../../core/protocol/response-stream.ts";
import {
  brokenBody,
  type CallProtocol,
  checkHead,
  expectedType,
  mayBeError,
  type ResponseHead,
  truncated,
} from "../../../core/protocol/rpc-response.ts";

const HEAD: ResponseHead = { status: 200, contentType: "", length: null, grpcStatus: null };
const judge = (wire: CallProtocol, expected: string, head: Partial<ResponseHead>) => checkHead(wire, expected, { ...HEAD, ...head });

describe("the head of a response", () => {
  it("fits where type and status are those of the protocol, or it may be an error", () => {
    const json = "application/json";
    expect(judge("connect_unary", json, { contentType: json })).toBeUndefined();
    expect(judge("connect_unary", json, { contentType: json, length: "0" })?.problem).toBe(
      "responded with an empty body, which is not a JSON message",
    );
    expect(judge("connect_unary", "application/proto", { contentType: "application/proto", length: "0" })).toBeUndefined();
    expect(judge("connect_unary", json, { status: 304 })).toBeUndefined();
    for (const wire of ["connect_unary", "connect_stream"] as const) {
      expect(judge(wire, "application/proto", { status: 400, contentType: json })).toBeUndefined();
      expect(judge(wire, "application/proto", { status: 399, contentType: json })).toBeDefined();
      expect(judge(wire, "application/proto", { status: 500, contentType: "text/html" })).toBeDefined();
    }
    expect(judge("connect_stream", "application/connect+json", { contentType: "application/connect+json" })).toBeUndefined();
    expect(judge("connect_stream", "application/connect+json", { contentType: "application/connect+proto" })).toBeDefined();
    for (const contentType of ["application/grpc-web", "application/grpc-web+proto", "application/grpc-web-text"])
      expect(judge("grpc_web", "application/grpc-web+proto", { contentType })).toBeUndefined();
    expect(judge("grpc_web", "application/grpc-web+proto", { contentType: "application/grpc-web+json" })).toBeDefined();
    expect(judge("grpc_web", "application/grpc-web+proto", { status: 400, grpcStatus: "3" })).toBeUndefined();
    expect(judge("grpc_web", "application/grpc-web+proto", { grpcStatus: "0" })).toBeDefined();
    expect([mayBeError({ status: 400, contentType: json }), mayBeError({ status: 200, contentType: json })]).toEqual([true, false]);
  });

  it.each([
    [
      "connect_unary",
      { contentType: "text/html" },
      'responded with content type "text/html", not "application/proto": this is not an RPC response; check upstream.url and upstream.protocol',
    ],
    ["connect_unary", {}, "responded with no content type"],
    ["connect_unary", { status: 502 }, "responded with status 502 and no content type, which is not an RPC error"],
    [
      "connect_unary",
      { status: 302 },
      "responded with status 302 and no content type: a redirect, which no RPC service sends; check upstream.url",
    ],
    [
      "connect_unary",
      { status: 404 },
      "responded with status 404 and no content type: it does not serve this method there; check the path of upstream.url",
    ],
    [
      "connect_unary",
      { status: 415 },
      'responded with status 415 and no content type: it does not accept "application/proto"; set upstream.protocol to what it speaks: "grpc_web"',
    ],
    [
      "grpc_web",
      { status: 415 },
      'responded with status 415 and no content type: it does not accept "application/proto"; set upstream.protocol to what it speaks: "connect"',
    ],
    [
      "connect_unary",
      { contentType: "application/grpc-web+proto" },
      'responded with content type "application/grpc-web+proto": it speaks gRPC-Web, and was called in Connect; set upstream.protocol: "grpc_web"',
    ],
    [
      "grpc_web",
      { contentType: "application/grpc" },
      'responded with content type "application/grpc": it speaks gRPC; set upstream.protocol: "grpc", which Cloudflare converts',
    ],
    [
      "grpc_web",
      { contentType: "application/connect+json" },
      'responded with content type "application/connect+json": it speaks Connect, and was called in gRPC-Web; set upstream.protocol: "connect"',
    ],
  ] as const)("of %s with %j is told as it is", (wire, head, problem) =>
    expect(judge(wire, "application/proto", head)?.problem).toBe(problem),
  );

  it.each([
    ["grpc_web", { status: 500, contentType: "application/grpc-web+proto" }, ", which is not an RPC error"],
    ["connect_stream", { status: 500, contentType: "application/proto" }, ", which is not an RPC error"],
    [
      "connect_stream",
      { status: 500, contentType: "application/grpc+proto" },
      ': it speaks gRPC; set upstream.protocol: "grpc", which Cloudflare converts',
    ],
    [
      "connect_stream",
      { status: 404, contentType: "application/grpc-web" },
      ': it speaks gRPC-Web, and was called in Connect; set upstream.protocol: "grpc_web"',
    ],
    [
      "grpc_web",
      { status: 415, contentType: "application/proto" },
      ': it speaks Connect, and was called in gRPC-Web; set upstream.protocol: "connect"',
    ],
    ["connect_unary", { status: 299, contentType: "text/html" }, ", which is not an RPC error"],
    ["connect_unary", { status: 300, contentType: "text/html" }, ": a redirect, which no RPC service sends; check upstream.url"],
    ["connect_unary", { status: 399, contentType: "text/html" }, ": a redirect, which no RPC service sends; check upstream.url"],
    ["connect_unary", { status: 400, contentType: "text/html" }, ", which is not an RPC error"],
    ["connect_unary", { status: 405, contentType: "application/connect+json" }, ", which is not an RPC error"],
  ] as const)("of %s with %j has its reason", (wire, head, reason) =>
    expect(judge(wire, "application/json", head)?.problem).toBe(
      `responded with status ${head.status} and content type "${head.contentType}"${reason}`,
    ),
  );

  it("of status 505 names the version of HTTP first", () =>
    expect(judge("connect_stream", "x", { status: 505, contentType: "application/grpc" })?.problem).toBe(
      'responded with status 505 and content type "application/grpc": it serves this method only over HTTP/2 and was called over HTTP/1.1; use a server that streams over HTTP/1.1, or put a proxy in front that calls it over HTTP/2',
    ));

  it("has the code of its status, and speaks against the endpoint where another attempt may do better", () => {
    const of = (status: number) => {
      const { code, countsAsFailure } = judge("connect_unary", "application/proto", { status })!;
      return [status, code, countsAsFailure];
    };
    const rows = [
      [302, "internal", true],
      [400, "internal", false],
      [401, "unauthenticated", false],
      [403, "permission_denied", false],
      [404, "unimplemented", false],
      [408, "unavailable", false],
      [413, "resource_exhausted", false],
      [429, "unavailable", false],
      [499, "internal", false],
      [500, "internal", true],
      [501, "unimplemented", false],
      [502, "unavailable", true],
      [503, "unavailable", true],
      [504, "unavailable", true],
      [505, "internal", false],
      [519, "internal", true],
      [520, "unavailable", true],
      [527, "unavailable", true],
      [528, "internal", true],
    ];
    expect(rows.map(([status]) => of(status as number))).toEqual(rows);
    expect(judge("connect_unary", "x", { status: 505 })?.problem).toContain("only over HTTP/2");
    expect(judge("connect_unary", "x", { contentType: `text/${"x".repeat(200)}` })?.problem).toContain(`"text/${"x".repeat(95)}"`);
    expect([brokenBody("p"), truncated("p")]).toEqual([
      { problem: "p", code: "internal", countsAsFailure: true },
      { problem: "p", code: "unavailable", countsAsFailure: true },
    ]);
  });

  it("is expected in the type of the request, or in the codec that a GET names", () => {
    expect(expectedType("application/json", "")).toBe("application/json");
    for (const query of ["?encoding=json", "?a=b&encoding=json&c=d"]) expect(expectedType("", query)).toBe("application/json");
    for (const query of ["", "?encoding=proto", "?encoding=jsonx", "?xencoding=json"])
      expect(expectedType("", query)).toBe("application/proto");
  });
});

describe("the envelopes of a streamed response", () => {
  const envelope = (flags: number, size: number): number[] => [
    flags,
    size >>> 24,
    (size >>> 16) & 255,
    (size >>> 8) & 255,
    size & 255,
    ...Array(size).fill(7),
  ];
  const ends = { grpc_web: 0x80, connect_stream: 2 } as const;

  it.each(["grpc_web", "connect_stream"] as const)("of %s are followed however they are cut, up to the one that ends them", (wire) => {
    const bytes = [...envelope(0, 3), ...envelope(1, 0), ...envelope(0, 300), ...envelope(ends[wire], 2)];
    for (const size of [1, 2, 3, 5, 7, 64, 1_000]) {
      const stream = responseStream(wire);
      for (let at = 0; at < bytes.length; at += size) {
        expect(stream.missing()).toBeDefined();
        expect(stream.read(Uint8Array.from(bytes.slice(at, at + size)))).toBeUndefined();
      }
      expect(stream.missing()).toBeUndefined();
      expect(stream.read(Uint8Array.from([99, 99]))).toBeUndefined(); // what follows the end
      expect(stream.missing()).toBeUndefined();
    }
  });

  it("are missing their end, or a part of a message", () => {
    const ended = (wire: "grpc_web" | "connect_stream", bytes: number[]) => {
      const stream = responseStream(wire);
      expect(stream.read(Uint8Array.from(bytes))).toBeUndefined();
      return stream.missing();
    };
    expect(ended("grpc_web", [])).toBe("ended its response without trailers");
    expect(ended("connect_stream", envelope(0, 1))).toBe("ended its response without an end-of-stream message");
    const within = "ended its response within a message";
    expect([ended("grpc_web", [0]), ended("grpc_web", [0, 0, 0, 0]), ended("grpc_web", [0, 0, 0, 0, 1])]).toEqual([within, within, within]);
    expect(ended("grpc_web", envelope(0x80, 5).slice(0, -1))).toBe(within);
    expect(ended("grpc_web", envelope(0x81, 5))).toBeUndefined();
  });

  it("are none where the first byte has other flags", () => {
    const first = (wire: "grpc_web" | "connect_stream", byte: number) => responseStream(wire).read(Uint8Array.from([byte]));
    expect(first("grpc_web", 0x3c)).toBe("sent bytes that are not an envelope (first byte 0x3c)");
    expect(
      [first("grpc_web", 2), first("connect_stream", 0x80), first("connect_stream", 3), first("grpc_web", 0x81)].map(
        (one) => one === undefined,
      ),
    ).toEqual([false, false, true, true]);
  });
});

describe("an endpoint of native gRPC", () => {
  it("is an https URL at port 443", () => {
    for (const url of [
      "https://a.example",
      "https://a.example:443",
      "https://a.example/x",
      "https://a.example:443/x",
      "https://[::1]",
      "https://[::1]:443/x",
    ])
      expect(isNativeGrpcUrl(url), url).toBe(true);
    for (const url of [
      "http://a.example",
      "https://a.example:8443",
      "https://a.example:4430",
      "https://[::1]:50051",
      "xhttps://a",
      "https://",
    ])
      expect(isNativeGrpcUrl(url), url).toBe(false);
  });
});

describe("atOnce", () => {
  it("works on every item once, on as many at a time as it may", async () => {
    for (const [most, count, peak] of [
      [3, 10, 3],
      [20, 4, 4],
      [1, 5, 1],
    ] as const) {
      let [underWay, highest] = [0, 0];
      const seen: number[] = [];
      await concurrently(
        most,
        Array.from({ length: count }, (_, index) => index),
        async (item) => {
          underWay += 1;
          highest = Math.max(highest, underWay);
          await Promise.resolve();
          seen.push(item);
          underWay -= 1;
        },
      );
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      expect(highest).toBe(peak);
    }
    await concurrently(3, [], async () => expect.unreachable());
  });
});
