// Heads of responses: valid ones, and the problem and code of each invalid one.
import { describe, expect, it } from "vitest";
import {
  brokenBody,
  type CallProtocol,
  checkHead,
  expectedType,
  mayBeError,
  type ResponseHead,
  tooManyElements,
  truncated,
} from "../../../core/protocol/rpc-response.ts";

const HEAD: ResponseHead = { status: 200, contentType: "", length: null, grpcStatus: null };
const judge = (wire: CallProtocol, expected: string, head: Partial<ResponseHead>) => checkHead(wire, expected, { ...HEAD, ...head });

describe("the head of a response", () => {
  it("is valid if type and status are those of the protocol, or if it may be an error", () => {
    const json = "application/json";
    expect(judge("connect_unary", json, { contentType: json })).toBeUndefined();
    expect(judge("connect_unary", json, { contentType: json, length: "0" })?.problem).toBe(
      "responded with an empty body, which is not a JSON message",
    );
    expect(judge("connect_unary", "application/proto", { contentType: "application/proto", length: "0" })).toBeUndefined();
    expect(judge("connect_unary", json, { status: 304, isConditional: true })).toBeUndefined();
    expect(judge("connect_unary", json, { status: 304 })?.problem).toMatch(/confirms a stored response/);
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
  ] as const)("of %s with %j is reported as it is", (wire, head, problem) =>
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

  it("with status 505 names the version of HTTP first", () =>
    expect(judge("connect_stream", "x", { status: 505, contentType: "application/grpc" })?.problem).toBe(
      'responded with status 505 and content type "application/grpc": it serves this method only over HTTP/2 and was called over HTTP/1.1; use a server that streams over HTTP/1.1, or put a proxy in front that calls it over HTTP/2',
    ));

  it("has the code of its status, and counts as a failure if another attempt may succeed", () => {
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
    expect(judge("connect_unary", "x", { contentType: `text/${"x".repeat(200)}` })?.problem).toContain(`"text/${"x".repeat(123)}..."`);
    expect([brokenBody("p"), truncated("p")]).toEqual([
      { fault: "body", problem: "p", code: "internal", countsAsFailure: true },
      { fault: "truncated", problem: "p", code: "unavailable", countsAsFailure: true },
    ]);
  });

  it("is expected to have the content type of the request, or the codec in the query of a GET", () => {
    expect(expectedType("application/json", "")).toBe("application/json");
    for (const query of ["?encoding=json", "?a=b&encoding=json&c=d"]) expect(expectedType("", query)).toBe("application/json");
    for (const query of ["", "?encoding=proto", "?encoding=jsonx", "?xencoding=json"])
      expect(expectedType("", query)).toBe("application/proto");
  });
});

it("a message with too many elements blames neither the caller nor the endpoint, and names the limit", () => {
  expect(tooManyElements(10)).toEqual({
    fault: "too_many_elements",
    problem: "sent a message of more than 10 elements; the limit is maxResponseElements",
    code: "resource_exhausted",
    countsAsFailure: false,
    httpStatus: 502,
  });
});
