// Results of fetches: which part other calls may have.
import { describe, expect, it } from "vitest";
import { isServerError, notStored, sharedPart, variantFor } from "../../../../../workers/gateway/cache/fetch/fetch-result.ts";
import { lookupOf } from "../../../../support/cache-lookup.ts";
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

  it("is a server error, and nothing of a private or streamed response", () => {
    const serverError = { kind: "server_error", response: { ...response, status: 503 } } as const;
    expect(sharedPart(serverError)).toBe(serverError);
    expect(sharedPart({ kind: "private", response })).toEqual({ kind: "unshareable" });
    expect(sharedPart({ kind: "streamed", response: new Response("a") })).toEqual({ kind: "unshareable" });
  });
});

it("a response that is not stored is private, unless it is a server error without a cookie", () => {
  const kindOf = (status: number, headers: [string, string][] = []) => notStored({ ...response, status, headers }).kind;
  expect([200, 404, 499, 500, 501, 503].map((status) => kindOf(status))).toEqual([
    ...["private", "private", "private", "server_error", "private", "server_error"],
  ]);
  expect(kindOf(503, [["set-cookie", "a=b"]])).toBe("private");
  expect([499, 500, 501, 502].map(isServerError)).toEqual([false, true, false, true]);
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
