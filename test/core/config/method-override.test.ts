// The settings that replace options of a method's proto.
import { describe, expect, it } from "vitest";
import { parseMethodOverride } from "../../../core/config/method-override.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, parsed } from "./settings.ts";

describe("what stands in place of a proto's options", () => {
  const parser = (check: Checks, value: unknown) => parseMethodOverride(check, "m", value as Record<string, unknown>);
  const rule = (more: object) => ({ path: "m.http[0]", httpMethod: "GET", template: "/a", body: "", responseBody: "", ...more });
  const problems = (http: unknown) => parsed(parser, { http }).problems;

  it("is nothing where nothing is written, rules or an idempotency", () => {
    expect(accepted(parser, {})).toBeUndefined();
    expect(accepted(parser, { idempotency: "idempotent" })).toEqual({ path: "m", http: undefined, idempotency: "idempotent" });
    for (const idempotency of ["no_side_effects", "unknown"]) expect(accepted(parser, { idempotency })?.idempotency).toBe(idempotency);
    expect(parsed(parser, { idempotency: "safe" }).problems).toEqual([
      'm.idempotency: found "safe"; write "no_side_effects" or "idempotent" or "unknown"',
    ]);
    expect(accepted(parser, { http: [] })).toEqual({ path: "m", http: [], idempotency: undefined });
  });

  it("has a rule for each HTTP method and path", () => {
    for (const verb of ["get", "put", "post", "delete", "patch"])
      expect(accepted(parser, { http: [{ [verb]: "/a" }] })?.http).toEqual([rule({ httpMethod: verb.toUpperCase() })]);
    expect(accepted(parser, { http: [{ post: "/a", body: "*", responseBody: "b" }] })?.http).toEqual([
      rule({ httpMethod: "POST", body: "*", responseBody: "b" }),
    ]);
    expect(accepted(parser, { http: [{ custom: { kind: "PURGE", path: "/a" } }] })?.http).toEqual([rule({ httpMethod: "PURGE" })]);
    expect(accepted(parser, { http: [{ get: "/a" }, { get: "/b" }] })?.http?.map(({ path }) => path)).toEqual(["m.http[0]", "m.http[1]"]);
  });

  it.each([
    ["/a", 'm.http: found "/a"; write a list of rules: [{ get: "/v1/users/{id}" }], or [] for none'],
    [[null], 'm.http[0]: found null; write a rule: { get: "/v1/users/{id}" }'],
    [[undefined], 'm.http[0]: found nothing; write a rule: { get: "/v1/users/{id}" }'],
    [[{}], 'm.http[0]: found {}; say for which HTTP method and path it is: { get: "/v1/users/{id}" }'],
    [[{ get: "/a", put: "/b" }], 'm.http[0]: found "get and put"; write one rule for each: [{ get: ... }, { post: ... }]'],
    [[{ get: "" }], 'm.http[0].get: found ""; write text that is not empty, or remove it'],
    [[{ get: 7 }], "m.http[0].get: found 7; write text that is not empty, or remove it"],
    [[{ get: "/a", body: "" }], 'm.http[0].body: found ""; write text that is not empty, or remove it'],
    [[{ get: "/a", responseBody: 7 }], "m.http[0].responseBody: found 7; write text that is not empty, or remove it"],
    [[{ custom: { kind: "PURGE" } }], 'm.http[0].custom.path: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }'],
    [[{ custom: { path: "/a" } }], 'm.http[0].custom.kind: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }'],
  ])("refuses the rules %j", (http, words) => expect(problems(http)).toEqual([words]));

  it("refuses a custom rule that is no object, and goes on", () => {
    expect(problems([{ custom: null }, {}])).toEqual([
      "m.http[0].custom: found null; write an object: { ... }",
      'm.http[0].custom.kind: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }',
      'm.http[0].custom.path: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }',
      'm.http[1]: found {}; say for which HTTP method and path it is: { get: "/v1/users/{id}" }',
    ]);
  });

  it("has empty texts in the place of those with a problem, and is for GET without a method", () => {
    const rulesOf = (...http: unknown[]) => parsed(parser, { http }).policy?.http;
    expect(rulesOf({ put: 7, body: "" }, { custom: {} }, {})).toEqual([
      rule({ httpMethod: "PUT", template: "" }),
      rule({ path: "m.http[1]", httpMethod: "", template: "" }),
      rule({ path: "m.http[2]", template: "" }),
    ]);
    expect(parsed(parser, { http: "/a" }).policy?.http).toEqual([]);
  });

  it("names the fields of a rule", () => {
    const [line] = problems([{ get: "/a", qqqqqqqqqqqqqqq: 1 }]);
    for (const name of ["get", "put", "post", "delete", "patch", "custom", "body", "responseBody"]) expect(line).toContain(`"${name}"`);
    expect(problems([{ custom: { kind: "A", path: "/a", verb: "x" } }])[0]).toContain('m.http[0].custom.verb: found "x"; remove it');
  });
});
