// Invalidation by unsafe methods: the resource of the call, and those that its response names.
import { expect, it, vi } from "vitest";
import type { RouteCache } from "../../../../../workers/gateway/cache/caches.ts";
import { invalidateResource } from "../../../../../workers/gateway/cache/purge/invalidate.ts";
import { httpCall } from "../../../../support/cache-lookup.ts";

/** @returns the resources that a response invalidates */
function invalidatedBy(response: Response, query: "all" | readonly string[] = "all"): string[] {
  const invalidate = vi.fn();
  const cache = { store: { invalidate }, policy: { query } } as unknown as RouteCache; // all that the function uses
  invalidateResource(cache, httpCall("/a?q=1"), "/a?q=1", response);
  return invalidate.mock.calls.map(([resource]) => resource);
}

it.each([
  [199, []],
  [200, ["/a?q=1"]],
  [303, ["/a?q=1"]],
  [399, ["/a?q=1"]],
  [400, []],
  [500, []],
])("a response with status %d invalidates %j", (status, resources) => {
  const response = status < 200 ? ({ status, headers: new Headers() } as Response) : new Response(null, { status });
  expect(invalidatedBy(response)).toEqual(resources);
});

it("resources that the response names are invalidated, of the same host only", () => {
  const names = (location: string, contentLocation: string) =>
    invalidatedBy(new Response(null, { status: 201, headers: { location, "content-location": contentLocation } }));
  expect(names("/made", "b?x=1")).toEqual(["/a?q=1", "/made", "/b?x=1"]);
  expect(names("https://gateway.example/made#part", "https://other.example/b")).toEqual(["/a?q=1", "/made"]);
  expect(names("https://[", "/%zz")).toEqual(expect.arrayContaining(["/a?q=1"]));
});

it("a named resource has the declared parameters of the route", () => {
  const response = new Response(null, { status: 201, headers: { location: "/made?utm=x&q=2" } });
  expect(invalidatedBy(response, ["q"])).toEqual(["/a?q=1", "/made?q=2"]);
});
