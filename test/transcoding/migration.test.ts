// Options for callers of gateways that are laxer: what each lets pass, and nothing else.
import { describe, expect, it } from "vitest";
import { parsePolicy } from "../../core/config/gateway.ts";
import { Rejected } from "../../core/rejection.ts";
import { jsonValuesOf } from "../../workers/gateway/transcode/json/json-stream.ts";
import { decodeRequestStream } from "../../workers/gateway/transcode/request-stream.ts";
import type { RestOptions } from "../../workers/gateway/transcode/rules/rules.ts";
import { outcomeOf, tableOf } from "./call.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The text in chunks of a size. */
async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const all = bytes(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

async function valuesIn(text: string, size: number, maxBytes = 1_000): Promise<string[]> {
  const found: string[] = [];
  for await (const value of jsonValuesOf(chunks(text, size), maxBytes)) found.push(new TextDecoder().decode(value));
  return found;
}

describe("assumeJson", () => {
  it.each([null, "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"])("takes %s for JSON", (type) => {
    const request = { method: "POST", path: "/v1/star/a", body: '{"i32": 1}', ...(type === null ? {} : { contentType: type }) };
    expect(outcomeOf(tableOf({ assumeJson: true }), request)).toEqual({ s: "a", i32: 1 });
    expect(outcomeOf(tableOf({}), request)).toMatchObject({ kind: "unsupported_content_type" });
  });

  it.each(["text/plain", "application/x-www-form-urlencodedx", "multipart/form-data", "application/json; charset=latin1"])(
    "and not %s",
    (contentType) => {
      const request = { method: "POST", path: "/v1/star/a", body: "{}", contentType };
      expect(outcomeOf(tableOf({ assumeJson: true }), request)).toMatchObject({ kind: "unsupported_content_type" });
    },
  );
});

describe("jsonRequestStreams", () => {
  it.each([
    ["[]", []],
    [" [ ] \n", []],
    ["", []],
    ['[{"a":1},{"b":[2,"]"]}]', ['{"a":1}', '{"b":[2,"]"]}']],
    ['[1, "x,]\\"", null ]', ["1", '"x,]\\""', "null "]],
    ['{"a":1}{"b":"}"}\n{"c":{}}', ['{"a":1}', '{"b":"}"}', '{"c":{}}']],
    ['{"a":"\\\\"} {"b":"ü"}', ['{"a":"\\\\"}', '{"b":"ü"}']],
    ["1 2\n3", ["1", "2", "3"]],
    ["[[1],[2]]", ["[1]", "[2]"]],
  ])("cuts %s into its values, whichever way it arrives", async (text, values) => {
    for (const size of [1, 2, 3, 7, 1_000]) expect(await valuesIn(text, size)).toEqual(values);
  });

  it.each(['[{"a":1}', "[", '{"a":1', '"x', "[1,]", "[,1]", "[1,,2]", "[1] 2", "]", "}", '{"a":1}]'])("refuses %s", async (text) => {
    for (const size of [1, 5, 1_000]) await expect(valuesIn(text, size)).rejects.toThrow(Rejected);
  });

  it("bounds each value, not their sum", async () => {
    expect(await valuesIn(`[${Array(100).fill('"0123456789"').join(",")}]`, 7, 20)).toHaveLength(100);
    await expect(valuesIn(`["${"x".repeat(30)}"]`, 7, 20)).rejects.toMatchObject({ rejection: { kind: "body_too_large" } });
  });

  const collect = async (options: RestOptions, contentType: string | null, text: string): Promise<unknown> => {
    const match = tableOf(options).match("POST", "/v1/collect/a");
    if (match.kind !== "found") throw new Error(match.kind);
    const found: unknown[] = [];
    try {
      for await (const message of decodeRequestStream(match.route, match.variables, "", contentType, chunks(text, 3), 1_000))
        found.push((message as unknown as { i32: number }).i32);
      return found;
    } catch (error) {
      if (error instanceof Rejected) return { found, ...error.rejection };
      throw error;
    }
  };

  it("reads a stream of requests under application/json, and NDJSON as before", async () => {
    const options = { jsonRequestStreams: true };
    expect(await collect(options, "application/json", '[{"i32":1},{"i32":2}]')).toEqual([1, 2]);
    expect(await collect(options, "application/json", '{"i32":1}{"i32":2}')).toEqual([1, 2]);
    expect(await collect(options, "application/x-ndjson", '{"i32":1}\n{"i32":2}')).toEqual([1, 2]);
    expect(await collect({}, "application/json", "[]")).toMatchObject({ kind: "unsupported_content_type" });
    expect(await collect(options, null, "[]")).toMatchObject({ kind: "unsupported_content_type" });
    expect(await collect({ ...options, assumeJson: true }, "application/x-www-form-urlencoded", '{"i32":3}')).toEqual([3]);
  });

  it("names the message that is wrong, after those before it", async () => {
    const outcome = await collect({ jsonRequestStreams: true }, "application/json", '[{"i32":1},{"i32":"0x1"}]');
    expect(outcome).toMatchObject({ found: [1], message: "message 2: i32 must be an int32" });
  });
});

describe("rest in gateway.config.ts", () => {
  const restOf = (rest: unknown) => parsePolicy({ rest, services: {} }, new Map());

  it("has every option off by itself, and takes those that are set", () => {
    expect(restOf(undefined)).toMatchObject({
      policy: { rest: { assumeJson: false, jsonRequestStreams: false, ignoreUnknownFields: false, ignoredQuery: [] }, maxUrlBytes: 8_192 },
    });
    const all = { assumeJson: true, jsonRequestStreams: true, ignoreUnknownFields: true, ignoredQuery: ["alt", "$.xgafv"] };
    expect(restOf(all)).toMatchObject({ policy: { rest: all } });
  });

  it.each([
    [{ ignoredQuery: "alt" }, "rest.ignoredQuery"],
    [{ ignoredQuery: [""] }, "rest.ignoredQuery[0]"],
    [{ ignoredQuery: ["a", 5] }, "rest.ignoredQuery[1]"],
    [{ ignoredQuery: Array(51).fill("a") }, "rest.ignoredQuery"],
    [{ assumeJson: "yes" }, "rest.assumeJson"],
    [{ jsonStreams: true }, "rest.jsonStreams"],
  ])("refuses %j", (rest, path) => {
    expect(restOf(rest)).toMatchObject({ kind: "invalid", problems: [{ path }] });
  });
});

it("ignoredQuery lets system parameters pass, and nothing else", () => {
  const table = tableOf({ ignoredQuery: ["alt", "key", "fields", "prettyPrint"] });
  expect(outcomeOf(table, { method: "GET", path: "/v1/query?alt=json&key=k&fields=a(b)&prettyPrint=1&i32=1" })).toEqual({ i32: 1 });
  expect(outcomeOf(table, { method: "GET", path: "/v1/query?Alt=json" })).toMatchObject({ kind: "invalid_request" });
});
