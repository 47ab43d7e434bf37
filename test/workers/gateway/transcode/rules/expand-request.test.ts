import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { expandRequest } from "../../../../../workers/gateway/transcode/rules/expand-request.ts";
import type { RestRoute } from "../../../../../workers/gateway/transcode/rules/rules.ts";
import { msg, tableOf } from "../../../../transcoding/call.ts";

const table = tableOf({});

function routeOf(method: string, path: string): RestRoute {
  const match = table.match(method, path);
  if (match.kind !== "found") throw new Error(match.kind);
  return match.route;
}

describe("expandRequest", () => {
  it.each<[string, string, JsonObject, string]>([
    ["GET", "/v1/single/x", { s: "a/b c" }, "/v1/single/a%2Fb%20c"],
    ["GET", "/v1/query", { i32: 7, rs: ["x", "y z"], sub: { name: "n" } }, "/v1/query?i32=7&rs=x&rs=y%20z&sub.name=n"],
    ["GET", "/v1/query", { longName: "v" }, "/v1/query?long_name=v"],
    ["POST", "/v1/star/x", { s: "a", i32: 1 }, "/v1/star/a"], // the rest is in the body
  ])("%s %s of %j is %s", (method, path, message, url) => {
    const expanded = expandRequest(routeOf(method, path), msg(message));
    expect(expanded.kind === "ok" ? expanded.path + expanded.query : expanded).toBe(url);
  });

  it("names a field that cannot be in a URL", () => {
    expect(expandRequest(routeOf("GET", "/v1/query"), msg({ m: { a: "b" } }))).toEqual({
      kind: "invalid",
      field: "m",
      problem: "is a map, which cannot be in a URL",
    });
    expect(expandRequest(routeOf("GET", "/v1/single/x"), msg({ s: "" }))).toMatchObject({ kind: "invalid", field: "s" });
  });
});
