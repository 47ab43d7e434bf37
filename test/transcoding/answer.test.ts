// What a message becomes for a REST caller, and what an error becomes.
import { create, createRegistry, toBinary } from "@bufbuild/protobuf";
import { AnySchema, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Rejected } from "../../core/rejection.ts";
import { RetryInfoSchema } from "../../protos/gen/google/rpc/error_details_pb.ts";
import { encodeResponse } from "../../workers/gateway/transcode/encode-response.ts";
import type { RestOptions, RestRoute } from "../../workers/gateway/transcode/rules/rules.ts";
import { statusJson } from "../../workers/gateway/transcode/status.ts";
import { call, msg, tableOf } from "./call.ts";

function routeOf(path: string, options: RestOptions = {}): RestRoute {
  const outcome = call(tableOf(options), path === "/v1/wrap" ? { method: "POST", path } : { method: "GET", path });
  if (outcome.kind === "refused") throw new Error(outcome.rejection.kind);
  return outcome.route;
}

describe("encodeResponse", () => {
  it.each([
    ["/v1/resp/sub", {}, "{}"],
    ["/v1/resp/sub", { sub: { n: 1 } }, '{"n":1}'],
    ["/v1/resp/list", {}, "[]"],
    ["/v1/resp/scalar", {}, '""'],
  ])("answers %s with its field of %j: %s", (path, message, body) => {
    expect(encodeResponse(routeOf(path), msg(message))).toEqual({ body, contentType: "application/json" });
  });

  it("prints as its options say", () => {
    const message = msg({ longName: "x", e: "RED" });
    const print = (options: RestOptions) => JSON.parse(String(encodeResponse(routeOf("/v1/query", options), message).body));
    expect(print({})).toEqual({ longName: "x", e: "RED" });
    expect(print({ protoFieldNames: true, enumsAsNumbers: true })).toEqual({ long_name: "x", e: 1 });
    expect(print({ printDefaults: true })).toMatchObject({ longName: "x", i64: "0", rs: [], b: false });
    expect(encodeResponse(routeOf("/v1/resp/scalar", { protoFieldNames: true }), msg({ s: "x" })).body).toBe('"x"');
  });

  it("blames the upstream for a message that has no JSON form", () => {
    const strange = create(AnySchema, { typeUrl: "type.googleapis.com/nobody.knows.This", value: Uint8Array.of(1) });
    expect(() => encodeResponse(routeOf("/v1/wrap"), strange)).toThrow(Rejected);
  });
});

describe("statusJson", () => {
  const retry = create(RetryInfoSchema, { retryDelay: { seconds: 2n } });
  const outgoing = { desc: RetryInfoSchema, value: retry };
  const incoming = { type: "google.rpc.RetryInfo", value: toBinary(RetryInfoSchema, retry) };

  it.each([[outgoing], [incoming]])("writes out a detail that the registry knows, ours or an upstream's", (detail) => {
    const error = new ConnectError("m", Code.Unavailable);
    error.details.push(detail);
    expect(statusJson(error, createRegistry(RetryInfoSchema, DurationSchema))).toEqual({
      status: 503,
      body: { code: 14, message: "m", details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }] },
    });
  });

  it("hands on a detail that nobody knows, or that is not what it says, in base64", () => {
    const error = new ConnectError("m", Code.Internal);
    error.details.push({ type: "acme.Secret", value: Uint8Array.of(255) }, { type: "google.rpc.RetryInfo", value: Uint8Array.of(255) });
    expect(statusJson(error, createRegistry(RetryInfoSchema)).body.details).toEqual([
      { "@type": "type.googleapis.com/acme.Secret", value: "/w==" },
      { "@type": "type.googleapis.com/google.rpc.RetryInfo", value: "/w==" },
    ]);
  });

  it.each([
    [Code.Canceled, 499],
    [Code.InvalidArgument, 400],
    [Code.DeadlineExceeded, 504],
    [Code.FailedPrecondition, 400],
    [Code.OutOfRange, 400],
    [Code.Unimplemented, 501],
    [Code.Unauthenticated, 401],
  ])("gives code %i the status %i", (code, status) => {
    expect(statusJson(new ConnectError("m", code), createRegistry()).status).toBe(status);
  });
});
