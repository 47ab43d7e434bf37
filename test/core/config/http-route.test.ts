// The settings of plain HTTP routes.
import { describe, expect, it } from "vitest";
import { parseHttpRoutes } from "../../../core/config/http-route.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { DEFAULTS } from "../../../core/config/route.ts";
import { accepted, itKnowsItsFields, parsed } from "./settings.ts";

const UPSTREAM = { url: "https://a.example" };

describe("routes of plain HTTP", () => {
  const outer = { ...DEFAULTS, readTimeoutMs: 7 };
  const parser = (check: Checks, value: unknown) => parseHttpRoutes(check, "httpRoutes", value, outer, new Map());
  const one = (check: Checks, value: unknown) => parser(check, { "/a/": value }).get("/a/");
  itKnowsItsFields(
    one,
    'httpRoutes["/a/"]',
    ["upstream", "breaker", "throttle", "readTimeoutMs", "maxBodyBytes", "maxResponseBytes", "rateLimits", "cost", "cache"],
    {
      upstream: UPSTREAM,
    },
  );

  it("are read with what they have in common with methods", () => {
    const routes = accepted(parser, {
      "/": { upstream: UPSTREAM },
      "/a/b.c/": { upstream: UPSTREAM, readTimeoutMs: 9, breaker: { consecutive: 2 }, throttle: { minCalls: 3 } },
    });
    expect([...routes.keys()]).toEqual(["/", "/a/b.c/"]);
    expect(routes.get("/")).toMatchObject({
      readTimeoutMs: 7,
      cache: undefined,
      breaker: { consecutive: 5 },
      maxBodyBytes: 1_048_576,
      rateLimits: [],
    });
    expect(routes.get("/a/b.c/")).toMatchObject({ readTimeoutMs: 9, breaker: { consecutive: 2 }, throttle: { minCalls: 3 } });
    expect(accepted(parser, undefined).size).toBe(0);
  });

  it.each(["", "a-b", "/a", "a/", "/a//", "/a b/", "/a/../", "/./", "/a?/", "/%20/", "/a/./b/"])("refuse the prefix %j", (prefix) =>
    expect(parsed(parser, { [prefix]: { upstream: UPSTREAM } }).problems).toEqual([
      `httpRoutes[${JSON.stringify(prefix)}]: found ${JSON.stringify(prefix)}; write a path that starts and ends with "/": "/assets/"`,
    ]),
  );
  it.each(["/.a/", "/a../", "/..a/b/", "/a!$&'()*+,=:@~_-/"])("take the prefix %j", (prefix) =>
    expect(accepted(parser, { [prefix]: { upstream: UPSTREAM } }).size).toBe(1),
  );

  it("bound responses, also without a limit, as far as they are not the outer ones", () => {
    const narrow = (check: Checks, value: unknown) =>
      parseHttpRoutes(check, "httpRoutes", value, { ...DEFAULTS, maxResponseBytes: 7 }, new Map());
    const limit = (written: object) => accepted(narrow, { "/a/": { upstream: UPSTREAM, ...written } }).get("/a/")?.maxResponseBytes;
    expect([limit({}), limit({ maxResponseBytes: 5 }), limit({ maxResponseBytes: "unlimited" })]).toEqual([7, 5, Number.POSITIVE_INFINITY]);
  });

  it.each([0, 1.5, "none", null])("refuse the bound of responses %j", (maxResponseBytes) =>
    expect(parsed(one, { upstream: UPSTREAM, maxResponseBytes }).problems).toEqual([
      `httpRoutes["/a/"].maxResponseBytes: found ${JSON.stringify(maxResponseBytes)}; write a whole number from 1 to 1099511627776 (bytes), or "unlimited"`,
    ]),
  );

  it("name their parts by path", () =>
    expect(parsed(parser, { "/a/": { upstream: 7, breaker: 7, throttle: 7 } }).problems).toEqual([
      'httpRoutes["/a/"].upstream: found 7; write an object: { ... }',
      'httpRoutes["/a/"].upstream: found 7; write { binding: "USERS" } or { url: "https://users.example" }, or both for a binding that gets the URL',
      'httpRoutes["/a/"].breaker: found 7; write an object: { ... }',
      'httpRoutes["/a/"].throttle: found 7; write an object: { ... }',
    ]));

  it("go by keys that calls of plain HTTP bring", () => {
    const upstream = { endpoints: [UPSTREAM], balancer: "maglev", hashOn: { field: "a" } };
    expect(parsed(parser, { "/a/": { upstream } }).problems).toEqual([
      'httpRoutes["/a/"].upstream.hashOn: found "a field, or a cookie to be made"; use what calls of plain HTTP bring by themselves',
    ]);
  });
});
