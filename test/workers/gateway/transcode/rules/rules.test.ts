// HTTP rules compiled to a table of routes, and the problems of invalid ones.
import { create, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HttpRuleSchema } from "../../../../../protos/gen/google/api/http_pb.ts";
import { compileRest } from "../../../../../workers/gateway/transcode/rules/rules.ts";
import { Echo, Streams } from "../../../../transcoding/schema.ts";

/** Found value and fix of each problem, with these rules instead of those of the methods. */
function problemsOf(rules: Readonly<Record<string, JsonObject>>): string[] {
  const overriding = Object.entries(rules).map(([name, rule]) =>
    create(HttpRuleSchema, { ...fromJson(HttpRuleSchema, rule), selector: `transcoding.test.v1.${name}` }),
  );
  return compileRest([Echo, Streams], { rules: overriding }).problems.map(({ path, found, fix }) => `${path}: ${found}; ${fix}`);
}

describe("compileRest", () => {
  it("compiles every rule and every additional binding", () => {
    const { table, problems } = compileRest([Echo, Streams]);
    expect(problems).toEqual([]);
    expect(
      table.routes.filter(({ method }) => method.name === "Named").map(({ httpMethod, template }) => `${httpMethod} ${template.text}`),
    ).toEqual(["GET /v1/{s=shelves/*/books/*}", "GET /v1/users/{sub.name}/books/{s}", "POST /v1/{s=shelves/*/books/*}:publish"]);
  });

  it("names both rules that claim the same paths", () => {
    expect(problemsOf({ "Echo.Thing": { get: "/v1/single/{sub.name}" } })).toEqual([
      "transcoding.test.v1.Echo.Thing (GET /v1/single/{sub.name}): " +
        "the same paths as transcoding.test.v1.Echo.Single (GET /v1/single/{s}); change one of the two templates",
    ]);
  });

  it("reports all problems of all rules at once", () => {
    const rule = { get: "/v2/{nope}/{rs}", body: "nothing.here", responseBody: "sub.name" };
    expect(problemsOf({ "Echo.Query": rule, "Echo.Single": {}, "Streams.Collect": { post: "/v2/a/**/b" } })).toEqual([
      'transcoding.test.v1.Echo.Query (GET /v2/{nope}/{rs}): path variable: transcoding.test.v1.Msg has no field "nope"; name a field of the request message',
      'transcoding.test.v1.Echo.Query (GET /v2/{nope}/{rs}): path variable "rs" is a repeated field; bind a field that holds one plain value',
      'transcoding.test.v1.Echo.Query (GET /v2/{nope}/{rs}): body "nothing.here"; name a top-level field of transcoding.test.v1.Msg, or "*"',
      'transcoding.test.v1.Echo.Query (GET /v2/{nope}/{rs}): response_body "sub.name"; name a top-level field of transcoding.test.v1.Msg',
      'transcoding.test.v1.Echo.Single: an HTTP rule without a pattern; set one, such as get: "/v1/users/{id}"',
      'transcoding.test.v1.Streams.Collect (POST /v2/a/**/b): segments after "**" at column 10; make "**" the last segment: only a verb may follow it',
      'transcoding.test.v1.Streams.Collect (POST /v2/a/**/b): a stream of requests without a body; write body: "*"',
    ]);
  });

  it("uses a rule with a selector instead of the one in the proto, and suggests a method for an unknown selector", () => {
    expect(problemsOf({ "Echo.Query": { get: "/v9/query" }, "Echo.Qurey": { get: "/v9/x" } })).toEqual([
      'rules: selector "transcoding.test.v1.Echo.Qurey"; write "transcoding.test.v1.Echo.Query"',
    ]);
  });
});
