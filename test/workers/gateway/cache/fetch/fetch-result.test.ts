// Results of fetches: which part other calls may have.
import { describe, expect, it } from "vitest";
import type { CachePolicy } from "../../../../../core/config/cache.ts";
import { isServerError, sharedPart, unstored, variantFor } from "../../../../../workers/gateway/cache/fetch/fetch-result.ts";
import type { Lookup } from "../../../../../workers/gateway/cache/lookup/lookup.ts";
import { lookupOf } from "../../../../support/cache-lookup.ts";
import { STORE_RULES } from "../../../../support/cache-rules.ts";
import { fields } from "../../../../support/header-fields.ts";
import { storedResponse } from "../../../../support/stored-response.ts";

const stored = storedResponse("a", 1_000);
const response = { status: 200, headers: [["x-request-id", "1"]] as const, body: new Uint8Array() };

describe("the shared part of a result", () => {
  it("is the stored response, without what the upstream sent for one call", () => {
    expect(sharedPart({ kind: "fetched", stored, variant: "v", response })).toEqual({
      kind: "stored",
      stored,
      variant: "v",
      isFromL2: false,
    });
    expect(sharedPart({ kind: "revalidated", stored, variant: "v" })).toEqual({ kind: "stored", stored, variant: "v", isFromL2: false });
    expect(sharedPart({ kind: "l2_hit", stored, variant: "v" })).toEqual({ kind: "stored", stored, variant: "v", isFromL2: true });
  });

  it("is what others may have of an error, and nothing of a response for one caller", () => {
    const shared = { kind: "error", response: { ...response, status: 503 }, variant: "" } as const;
    expect(sharedPart({ kind: "server_error", response, shared })).toBe(shared);
    for (const own of [
      { kind: "server_error", response, shared: undefined },
      { kind: "private", response, isLasting: true },
      { kind: "streamed", response: new Response("a") },
    ] as const)
      expect(sharedPart(own)).toEqual({ kind: "unshareable" });
    expect(sharedPart({ kind: "outdated", response })).toEqual({ kind: "outdated" });
  });
});

describe("a response that is not stored", () => {
  const POLICY = { ...STORE_RULES } as CachePolicy;
  const of = (status: number, headers: [string, string][] = [], lookup: Partial<Lookup> = {}) => {
    const received = { status, fields: fields(Object.fromEntries(headers)), requestedAt: 1_000, receivedAt: 1_000 };
    return unstored(POLICY, lookupOf("k", lookup), { ...response, status, headers }, received);
  };

  it("is private, unless it is a server error", () => {
    expect([200, 404, 499, 500, 501, 503].map((status) => of(status).kind)).toEqual([
      ...["private", "private", "private", "server_error", "private", "server_error"],
    ]);
    expect([499, 500, 501, 502].map(isServerError)).toEqual([false, true, false, true]);
  });

  it("has no part for others where it sets a cookie, does not fit the protocol, or was requested without storing", () => {
    expect(of(503)).toMatchObject({ shared: { kind: "error", variant: "" } });
    expect(of(503, [["set-cookie", "a=b"]])).toMatchObject({ shared: undefined });
    expect(of(503, [], { fitsProtocol: () => false })).toMatchObject({ shared: undefined });
    expect(of(503, [], { directives: new Map([["no-store", ""]]) })).toMatchObject({ shared: undefined });
  });

  it("says nothing about later calls where only the request wanted it so", () => {
    expect(of(200)).toMatchObject({ isLasting: true });
    expect(of(200, [], { directives: new Map([["no-store", ""]]) })).toMatchObject({ isLasting: false });
  });

  it("is shared without the fields of one call, and by the fields that selected it", () => {
    const headers: [string, string][] = [
      ["cache-control", "max-age=9"],
      ["x-request-id", "1"],
      ["vary", "x-a"],
      ["x-b", "2"],
    ];
    const varying = { varyFields: fields({ "x-a": "1" }) };
    expect(of(500, headers, varying)).toMatchObject({
      response: { headers },
      shared: { response: { headers: [headers[0], headers[2], headers[3]] }, variant: "1:1" },
    });
  });
});

it("a variant is the values of the fields that Vary names, and Accept-Encoding for an encoded response", () => {
  const lookup = (record: Record<string, string>) => lookupOf("k", { varyFields: fields(record) });
  const varying = storedResponse("a", 1_000, { headers: [["vary", "x-a"]] });
  const encoded = storedResponse("a", 1_000, { headers: [["content-encoding", "gzip"]] });
  expect(variantFor(lookup({ "x-a": "1", "x-b": "1" }), varying)).toBe(variantFor(lookup({ "x-a": "1", "x-b": "2" }), varying));
  expect(variantFor(lookup({ "x-a": "1" }), varying)).not.toBe(variantFor(lookup({ "x-a": "2" }), varying));
  expect(variantFor(lookup({ "accept-encoding": "gzip" }), encoded)).not.toBe(variantFor(lookup({}), encoded));
  expect(variantFor(lookupOf("k"), varying)).toBe("");
});
