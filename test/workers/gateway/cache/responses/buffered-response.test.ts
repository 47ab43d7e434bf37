// Responses in memory: their header fields, and writing them.
import { expect, it } from "vitest";
import { headerFields, headerPairs, toResponse } from "../../../../../workers/gateway/cache/responses/buffered-response.ts";

it("header pairs are in lower case, and found in any case", () => {
  const pairs = headerPairs(new Headers({ "X-A": "1" }));
  expect(pairs).toEqual([["x-a", "1"]]);
  expect([headerFields(pairs).get("X-A"), headerFields(pairs).get("x-b")]).toEqual(["1", null]);
});

it("a status without a body drops it, and headers are copied", async () => {
  const headers = new Headers({ "x-a": "1" });
  const body = new TextEncoder().encode("a") as Uint8Array<ArrayBuffer>;
  for (const status of [204, 205, 304]) expect(toResponse(status, headers, body).body).toBeNull();
  const response = toResponse(200, headers, body);
  headers.set("x-a", "2");
  expect([response.headers.get("x-a"), await response.text()]).toEqual(["1", "a"]);
});
