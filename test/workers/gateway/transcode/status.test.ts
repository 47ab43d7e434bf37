import { create, createRegistry, toBinary } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { statusJson, withDebugDetails } from "../../../../workers/gateway/transcode/status.ts";

describe("statusJson", () => {
  const retry = create(RetryInfoSchema, { retryDelay: { seconds: 2n } });
  const outgoing = { desc: RetryInfoSchema, value: retry };
  const incoming = { type: "google.rpc.RetryInfo", value: toBinary(RetryInfoSchema, retry) };

  it.each([[outgoing], [incoming]])("writes a detail of a known type as JSON, from the gateway or an upstream", (detail) => {
    const error = new ConnectError("m", Code.Unavailable);
    error.details.push(detail);
    expect(statusJson(error, createRegistry(RetryInfoSchema, DurationSchema))).toEqual({
      status: 503,
      body: { code: 14, message: "m", details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }] },
    });
  });

  it("writes a detail in base64 if its type is unknown or its bytes do not fit", () => {
    const error = new ConnectError("m", Code.Internal);
    error.details.push({ type: "acme.Secret", value: Uint8Array.of(255) }, { type: "google.rpc.ErrorInfo", value: Uint8Array.of(255) });
    expect(statusJson(error, createRegistry(ErrorInfoSchema)).body.details).toEqual([
      { "@type": "type.googleapis.com/acme.Secret", value: "/w==" },
      { "@type": "type.googleapis.com/google.rpc.ErrorInfo", value: "/w==" },
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
  ])("maps code %i to HTTP status %i", (code, status) => {
    expect(statusJson(new ConnectError("m", code), createRegistry()).status).toBe(status);
  });
});

describe("the status of a reason", () => {
  const infoOf = (reason: string, domain = "tidegate") => {
    return { type: "google.rpc.ErrorInfo", value: toBinary(ErrorInfoSchema, create(ErrorInfoSchema, { reason, domain })) };
  };
  const reused = infoOf("IDEMPOTENCY_KEY_REUSED");

  it.each([
    ["in its domain, with its code", Code.FailedPrecondition, reused, 422],
    [
      "as the type URL that some upstreams send",
      Code.FailedPrecondition,
      { ...reused, type: "type.googleapis.com/google.rpc.ErrorInfo" },
      422,
    ],
    ["with another code", Code.Internal, reused, 500],
    ["in another domain", Code.FailedPrecondition, infoOf("IDEMPOTENCY_KEY_REUSED", "acme.example"), 400],
    ["that has none", Code.FailedPrecondition, infoOf("constructor"), 400],
    ["whose bytes do not fit", Code.FailedPrecondition, { ...reused, value: Uint8Array.of(255) }, 400],
    ["of another type", Code.FailedPrecondition, { ...reused, type: "acme.ErrorInfo" }, 400],
  ])("holds for a reason %s", (_name, code, detail, status) => {
    const error = new ConnectError("m", code);
    error.details.push({ type: "google.rpc.RetryInfo", value: Uint8Array.of(255) }, detail);
    expect(statusJson(error, createRegistry()).status).toBe(status);
  });
});

describe("withDebugDetails", () => {
  it("adds the JSON of details of known types, and leaves the others as they are", () => {
    const error = new ConnectError("m", Code.Unavailable);
    const value = toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 2n } }));
    const unknown = { type: "acme.Secret", value: Uint8Array.of(1) };
    const broken = { type: "google.rpc.ErrorInfo", value: Uint8Array.of(255) };
    error.details.push({ type: "google.rpc.RetryInfo", value }, unknown, broken);
    expect(withDebugDetails(error, createRegistry(ErrorInfoSchema, RetryInfoSchema, DurationSchema))).toBe(error);
    expect(error.details).toEqual([{ type: "google.rpc.RetryInfo", value, debug: { retryDelay: "2s" } }, unknown, broken]);
  });
});
