// Header fields that a configuration cannot edit.
import { describe, expect, it } from "vitest";
import { EDIT_OPERATIONS, isAboutStoring, reservedBecause } from "../../../core/header-edits/reserved-fields.ts";
import { CONNECTION_FIELDS, TIDEGATE_HEADER_NAMES } from "../../../core/headers.ts";

const reserved = (direction: "request" | "response", name: string, route: "rpc" | "http" = "rpc") =>
  EDIT_OPERATIONS.filter((operation) => reservedBecause(name, operation, direction, route) !== undefined);
const ALL = [...EDIT_OPERATIONS];

describe("reservedBecause", () => {
  it.each(["x-real-ip", "x-client-ip", "true-client-ip", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"])(
    "lets operators write %s, which says something about the client",
    (name) => expect(reserved("request", name)).toEqual([]),
  );

  it.each(["age", "cache-status", "date", "etag", "last-modified", "accept-ranges"])(
    "reserves %s of responses, which says what is stored",
    (name) => expect(reserved("response", name).length).toBeGreaterThan(0),
  );

  it.each([...CONNECTION_FIELDS, ...TIDEGATE_HEADER_NAMES, "host", "expect", "tidegate-anything", "x-tidegate-anything"])(
    "reserves %s in both directions",
    (name) => {
      const isReport = name.includes("endpoint-load-metrics");
      expect(isReport ? [ALL, ALL] : [reserved("request", name), reserved("response", name)]).toEqual([ALL, ALL]);
    },
  );

  it.each(
    [
      ["connect-timeout-ms", "connect-protocol-version", "grpc-timeout", "grpc-status", "x-grpc-web", "trailer-x", "trailer"],
      ["content-length", "content-encoding", "content-type", "content-digest", "x-request-id"],
    ].flat(),
  )("reserves %s of the protocols in both directions", (name) => {
    expect([reserved("request", name), reserved("response", name)]).toEqual([ALL, ALL]);
  });

  it.each(
    [
      ["x-forwarded-for", "x-forwarded-proto", "forwarded", "via", "x-original-url", "x-http-method-override", "cf-connecting-ip"],
      ["traceparent", "tracestate", "accept-encoding", "range", "if-none-match", "idempotency-key", "client-cert", "x-envoy-original-path"],
    ].flat(),
  )("reserves %s of requests", (name) => {
    expect(reserved("request", name)).toEqual(ALL);
  });

  it.each(
    [
      ["access-control-allow-origin", "access-control-expose-headers", "timing-allow-origin"],
      ["ratelimit", "ratelimit-policy", "retry-after", "www-authenticate", "x-content-type-options", "allow"],
      ["age", "cache-status", "etag", "date", "last-modified", "proxy-authenticate"],
    ].flat(),
  )("reserves %s of responses", (name) => {
    expect(reserved("response", name)).toEqual(ALL);
  });

  it("lets an operator state the client and the address of the gateway to an upstream", () => {
    for (const name of ["x-real-ip", "true-client-ip", "x-forwarded-host", "x-forwarded-prefix"])
      expect(reserved("request", name)).toEqual([]);
  });

  it("lets usual fields pass in every operation", () => {
    for (const name of ["x-api-version", "user-agent", "referer", "baggage", "accept-language"])
      expect(reserved("request", name)).toEqual([]);
    for (const name of ["cache-control", "strict-transport-security", "x-powered-by", "server", "link"])
      expect(reserved("response", name)).toEqual([]);
  });

  it("allows of cookies, credentials and fields that caches read only what is safe", () => {
    expect(reserved("request", "cookie")).toEqual(["set", "default", "add"]);
    expect(reserved("request", "authorization")).toEqual(["add"]);
    expect(reserved("response", "vary")).toEqual(["set", "default", "remove"]);
    expect(reserved("response", "set-cookie")).toEqual(ALL);
    expect(reserved("response", "set-cookie", "http")).toEqual(["set", "default", "add"]);
    expect(reserved("response", "content-security-policy")).toEqual(["set", "default", "remove"]);
    expect(reserved("response", "content-security-policy", "http")).toEqual([]);
    expect(reserved("response", "content-type", "http")).toEqual([]);
  });

  it("knows the fields that let others store a response", () => {
    expect(["cache-control", "expires", "x-a"].map(isAboutStoring)).toEqual([true, true, false]);
  });
});
