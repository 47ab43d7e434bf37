// Header fields of responses from the cache: one Headers per rendering, with Age and Cache-Status of the moment.
import { describe, expect, it, vi } from "vitest";
import {
  type Renderings,
  renderHeaders,
  renderingBytes,
  renderingCount,
} from "../../../../../workers/gateway/cache/responses/response-headers.ts";

const PAIRS = [
  ["x-a", "1"],
  ["cache-status", "origin; hit"],
] as const;

describe("the headers of a stored response", () => {
  it("are built once per rendering, and have the Age and Cache-Status of each call", () => {
    const renderings: Renderings = {};
    const pairs = vi.fn(() => PAIRS.slice(0, 1));
    const read = (age: string, status: string) => {
      const headers = renderHeaders(renderings, "json", pairs, { age, status });
      return [headers.get("x-a"), headers.get("age"), headers.get("cache-status")];
    };
    expect([read("1", "hit"), read("2", "hit"), read("2", "stale")]).toEqual([
      ["1", "1", "hit"],
      ["1", "2", "hit"],
      ["1", "2", "stale"],
    ]);
    renderHeaders(renderings, "proto", pairs, { age: "3", status: "hit" });
    expect([pairs.mock.calls.length, renderingCount(renderings)]).toEqual([2, 2]);
  });

  it("do not change a response that was made before", () => {
    const renderings: Renderings = {};
    const response = new Response(null, { headers: renderHeaders(renderings, "http", () => [], { age: "1", status: "hit" }) });
    response.headers.set("x-own", "1");
    const next = renderHeaders(renderings, "http", () => [], { age: "2", status: "hit" });
    expect([response.headers.get("age"), next.has("x-own")]).toEqual(["1", false]);
  });
});

it("the headers of a response that is not stored follow those of the upstream's own cache", () => {
  const headers = renderHeaders(undefined, "http", () => PAIRS, { age: undefined, status: "tidegate; fwd=miss" });
  expect([headers.get("cache-status"), headers.has("age")]).toEqual(["origin; hit, tidegate; fwd=miss", false]);
});

it("renderings count their bodies and their headers", () => {
  const renderings: Renderings = { bodies: new Map([["json", new Uint8Array(100)]]) };
  expect([renderingCount({}), renderingBytes({}, PAIRS)]).toEqual([0, 0]);
  expect(renderingBytes(renderings, PAIRS)).toBe(500 + 100);
  renderHeaders(renderings, "json", () => [["x-a", "1"]], { age: "1", status: "hit" });
  expect(renderingBytes(renderings, [["x-a", "1"]])).toBe(500 + 100 + 500 + 80 + 4);
});
