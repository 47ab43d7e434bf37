// What stands in gateway.config.ts for REST: switches, and the rules of methods whose protos belong to others.
import { describe, expect, it } from "vitest";
import { parseMethodOverride } from "../../../core/config/method-override.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { parseRest, type RestPolicy } from "../../../core/config/rest.ts";
import { accepted, itKnowsItsFields, itReadsChoices, itReadsNumbers, parsed } from "./settings.ts";

describe("the switches of REST", () => {
  const flags = [
    ...["ignoreUnknownQuery", "ignoreUnknownFields", "assumeJson", "jsonRequestStreams", "caseInsensitiveEnums"],
    ...["inferUpdateMask", "printDefaults", "enumsAsNumbers", "protoFieldNames"],
  ];
  const of = (field: string) => ({ field, read: (policy: RestPolicy) => (policy as unknown as Record<string, unknown>)[field] });
  itReadsChoices(parseRest, "rest", [
    ...flags.map((field) => ({ ...of(field), choices: [true, false], fallback: field === "inferUpdateMask" })),
    { ...of("onUnsupportedRule"), choices: ["refuse", "skip"], fallback: "skip" },
  ]);
  itKnowsItsFields(parseRest, "rest", [...flags, "onUnsupportedRule", "ignoredQuery", "events"]);

  const events = (check: Checks, value: unknown) => parseRest(check, { events: value }).events;
  itReadsNumbers(events, "rest.events", [
    { field: "headersAfterMs", min: 0, max: 60_000, fallback: 2_000, unit: "ms", read: ({ headersAfterMs }) => headersAfterMs },
  ]);
  itKnowsItsFields(events, "rest.events", ["headersAfterMs", "keepAliveMs"]);

  it("keep event streams alive every 15 s, from 1 s to 10 minutes, or never", () => {
    const read = (keepAliveMs?: unknown) => accepted(events, keepAliveMs === undefined ? {} : { keepAliveMs }).keepAliveMs;
    expect([read(), read(1_000), read(600_000), read(0)]).toEqual([15_000, 1_000, 600_000, Number.POSITIVE_INFINITY]);
    for (const keepAliveMs of [999, 600_001, -1, "1000"])
      expect(parsed(events, { keepAliveMs }).problems).toEqual([
        `rest.events.keepAliveMs: found ${JSON.stringify(keepAliveMs)}; write a whole number from 1000 to 600000 (ms, or 0 for never)`,
      ]);
  });

  it("ignore parameters of the query by name", () => {
    const read = (ignoredQuery: unknown) => parsed(parseRest, { ignoredQuery });
    expect(read(undefined).policy.ignoredQuery).toEqual([]);
    expect(read(["alt", "a".repeat(100)])).toMatchObject({ problems: [], policy: { ignoredQuery: ["alt", "a".repeat(100)] } });
    for (const refused of ["", "a".repeat(101), 7]) {
      const { policy, problems } = read(["alt", refused]);
      expect(policy.ignoredQuery).toEqual(["alt"]);
      expect(problems[0]).toMatch(/^rest\.ignoredQuery\[1\]: found .*names of query parameters, of 1 to 100 characters/);
    }
    expect(read("alt").problems[0]).toMatch(/^rest\.ignoredQuery: found "alt"; write at most \d+ names/);
    expect(read(Array(10_000).fill("a")).problems).toHaveLength(1);
  });
});

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
    [[{}], 'm.http[0]: found {}; say for which HTTP method and path it is: { get: "/v1/users/{id}" }'],
    [[{ get: "/a", put: "/b" }], 'm.http[0]: found "get and put"; write one rule for each: [{ get: ... }, { post: ... }]'],
    [[{ get: "" }], 'm.http[0].get: found ""; write text that is not empty, or remove it'],
    [[{ get: 7 }], "m.http[0].get: found 7; write text that is not empty, or remove it"],
    [[{ get: "/a", body: "" }], 'm.http[0].body: found ""; write text that is not empty, or remove it'],
    [[{ get: "/a", responseBody: 7 }], "m.http[0].responseBody: found 7; write text that is not empty, or remove it"],
    [[{ custom: { kind: "PURGE" } }], 'm.http[0].custom.path: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }'],
    [[{ custom: { path: "/a" } }], 'm.http[0].custom.kind: found nothing; write { kind: "PURGE", path: "/v1/users/{id}" }'],
  ])("refuses the rules %j", (http, words) => expect(problems(http)).toEqual([words]));

  it("names the fields of a rule", () => {
    const [line] = problems([{ get: "/a", qqqqqqqqqqqqqqq: 1 }]);
    for (const name of ["get", "put", "post", "delete", "patch", "custom", "body", "responseBody"]) expect(line).toContain(`"${name}"`);
    expect(problems([{ custom: { kind: "A", path: "/a", verb: "x" } }])[0]).toContain('m.http[0].custom.verb: found "x"; remove it');
  });
});
