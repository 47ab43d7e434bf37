import { describe, expect, it } from "vitest";
import { isAttemptNumber, isListedField, isRemovedFromRequests, TIDEGATE_HEADER_NAMES, TIDEGATE_HEADERS } from "../../core/headers.ts";

describe("a request to an upstream", () => {
  it.each([
    ...[
      "client-cert",
      "client-ip",
      "remote-addr",
      "remote-user",
      "true-client-ip",
      "x-client-ip",
      "x-real-ip",
      "forwarded",
      "via",
      "x-host",
    ],
    ...["x-http-host-override", "x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override"],
    ...["x-forwarded", "forwarded-for", "x-cluster-client-ip", "x-originating-ip", "x-remote-ip", "x-remote-user", "x-ms-client-principal"],
    ...["client-cert-chain", "x-client-cert", "x-remote-addr", "x-ms-client-principal-id"],
  ])("has no %s of the caller", (name) => expect(isRemovedFromRequests(name)).toBe(true));

  it.each(["accept", "cookie", "user-agent", "x-own", "x-hosts", "forward"])("has %s", (name) =>
    expect(isRemovedFromRequests(name)).toBe(false),
  );
});

describe("the table of headers", () => {
  it.each(TIDEGATE_HEADER_NAMES)("writes %s as HTTP/2 does: in lower case", (name) => expect(name).toMatch(/^[a-z-]+$/));

  it("keeps the names that hosts, callers and operators know", () => {
    expect(TIDEGATE_HEADERS).toEqual({
      "tidegate-attempt": "mesh",
      "tidegate-hops": "each_hop",
      "tidegate-depth": "between_services",
      "tidegate-identity": "to_upstream",
      "tidegate-criticality": "mesh",
      "x-tidegate-mirror": "to_upstream",
      "tidegate-load-median": "to_upstream",
      "tidegate-region": "to_upstream",
      "tidegate-redirect": "from_upstream",
      "tidegate-shed": "from_upstream",
      "endpoint-load-metrics": "from_upstream",
      "trailer-endpoint-load-metrics": "from_upstream",
      "tidegate-fallback": "to_caller",
      "tidegate-reason": "to_caller",
      "trailer-tidegate-reason": "to_caller",
      "tidegate-operator": "from_caller",
      "tidegate-trace": "from_caller",
      "tidegate-version": "from_caller",
      "x-tidegate-metadata": "internal",
    });
  });
});

it.each([
  ["2", true],
  ["999", true],
  ["1000", false],
  ["", false],
  ["-1", false],
  ["2, 3", false],
  [null, false],
])("takes %j for an attempt number: %s", (text, isOne) => expect(isAttemptNumber(text)).toBe(isOne));

describe("fields of requests", () => {
  it.each([
    ...["connection", "keep-alive", "te", "transfer-encoding", "upgrade", "http2-settings", "host", "expect", "proxy-authorization"],
    ...["cf-connecting-ip", "cf-worker", "cf-ray", "cf-ipcountry", "cf-access-jwt-assertion", "cf-access-authenticated-user-email"],
    ...["forwarded", "via", "x-real-ip", "true-client-ip", "x-client-ip", "x-cluster-client-ip", "fastly-client-ip"],
    ...["x-forwarded-for", "x-forwarded-host", "x-forwarded-client-cert", "x-forwarded", "x-original-url", "x-original-host"],
    ...["x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override", "client-cert", "x-envoy-internal"],
    ...["tidegate-attempt", "tidegate-new", "x-tidegate-mirror", "x-tidegate-new"],
  ])("loses %s", (name) => expect([isRemovedFromRequests(name), isListedField(name)]).toEqual([true, true]));

  it.each(["authorization", "cookie", "content-type", "content-encoding", "connect-protocol-version", "grpc-timeout", "x-request-id"])(
    "keeps %s, which no other name stands for",
    (name) => expect([isRemovedFromRequests(name), isListedField(name)]).toEqual([false, true]),
  );

  it.each(["x-own", "x-secret", "tidegate", "x-original", "cf", "x-viaduct"])("knows nothing of %s", (name) =>
    expect([isRemovedFromRequests(name), isListedField(name)]).toEqual([false, false]),
  );
});
