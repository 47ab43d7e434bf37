// Single HTTP rules: valid ones, and the problem of each invalid one.
import { create, fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HttpRuleSchema } from "../../../../../protos/gen/google/api/http_pb.ts";
import { compileRule } from "../../../../../workers/gateway/transcode/rules/rule.ts";
import { compileRest } from "../../../../../workers/gateway/transcode/rules/rules.ts";
import { Echo, methodNamed, Streams } from "../../../../transcoding/schema.ts";

/** Found value and fix of each problem, with these rules instead of those of the methods. */
function problemsOf(rules: Readonly<Record<string, JsonObject>>): string[] {
  const overriding = Object.entries(rules).map(([name, rule]) =>
    create(HttpRuleSchema, { ...fromJson(HttpRuleSchema, rule), selector: `transcoding.test.v1.${name}` }),
  );
  return compileRest([Echo, Streams], { rules: overriding }).problems.map(({ path, found, fix }) => `${path}: ${found}; ${fix}`);
}

describe("compileRule", () => {
  it.each([
    ["a path variable within a repeated message", { get: "/v2/{rsub.name}" }, '"rsub" is a repeated field, so its fields cannot be named'],
    ["a map in the path", { get: "/v2/{m}" }, 'path variable "m" is a map'],
    ["a message in the path", { get: "/v2/{sub}" }, 'path variable "sub" is a message transcoding.test.v1.Sub'],
    ["a JSON name in the path", { get: "/v2/{longName}" }, 'path variable "longName"; write its proto name, "long_name"'],
    ["a body with GET", { get: "/v2", body: "*" }, "a body with GET"],
    ["a body with DELETE", { delete: "/v2", body: "sub" }, "a body with DELETE"],
    ["a field in the path and as the body", { post: "/v2/{s}", body: "s" }, '"s" both in the path and as the body'],
    ["a method that is none", { custom: { kind: "get it", path: "/v2" } }, 'kind "get it"'],
    [
      "bindings within bindings",
      { get: "/v2", additionalBindings: [{ get: "/v3", additionalBindings: [{ get: "/v4" }] }] },
      "additional_bindings within",
    ],
  ])("refuses %s", (_name, rule, found) => {
    const problems = problemsOf({ "Echo.Query": rule });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(found);
  });

  it.each([
    ["a well-known type of one plain value in the path", { get: "/v2/{ts}/{wi64}" }],
    ["a path variable within the body", { patch: "/v2/{sub.name}", body: "sub" }],
    ["a body of any kind of field", { post: "/v2", body: "m" }],
  ])("accepts %s", (_name, rule) => {
    expect(problemsOf({ "Echo.Query": rule })).toEqual([]);
  });

  it("compiles template, variables, body and response of a rule", () => {
    const rule = create(HttpRuleSchema, { pattern: { case: "patch", value: "/v2/{sub.name}" }, body: "sub", responseBody: "sub" });
    const compiled = compileRule(methodNamed("Query"), rule, {});
    if (compiled.kind === "invalid") throw new Error(JSON.stringify(compiled.problems));
    const { route } = compiled;
    expect([route.name, route.httpMethod]).toEqual(["transcoding.test.v1.Echo.Query (PATCH /v2/{sub.name})", "PATCH"]);
    expect(route.variables.map(({ text }) => text)).toEqual(["sub.name"]);
    expect([route.body?.field?.name, route.response.field?.name, route.body?.isRaw]).toEqual(["sub", "sub", false]);
  });

  it.each(["CONNECT", "TRACE"])("refuses %s, which never reaches a route", (kind) => {
    expect(problemsOf({ "Echo.Query": { custom: { kind, path: "/v2" } } })[0]).toContain("no such request reaches a route");
  });

  it.each(["/healthz", "/openapi.json"])("refuses %s, to which the gateway responds itself", (get) => {
    expect(problemsOf({ "Echo.Query": { get } })[0]).toContain("the gateway responds there itself");
  });
});
