// Bodies of several JSON values, split into their values.
import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../../core/rejection.ts";
import { jsonValuesOf } from "../../../../../workers/gateway/transcode/json/json-stream.ts";

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

describe("jsonValuesOf", () => {
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
  ])("splits %s into its values, in chunks of any size", async (text, values) => {
    for (const size of [1, 2, 3, 7, 1_000]) expect(await valuesIn(text, size)).toEqual(values);
  });

  it.each(['[{"a":1}', "[", '{"a":1', '"x', "[1,]", "[,1]", "[1,,2]", "[1] 2", "]", "}", '{"a":1}]'])("refuses %s", async (text) => {
    for (const size of [1, 5, 1_000]) await expect(valuesIn(text, size)).rejects.toThrow(Rejected);
  });

  it("bounds each value, not their sum", async () => {
    expect(await valuesIn(`[${Array(100).fill('"0123456789"').join(",")}]`, 7, 20)).toHaveLength(100);
    await expect(valuesIn(`["${"x".repeat(30)}"]`, 7, 20)).rejects.toMatchObject({ rejection: { kind: "body_too_large" } });
  });
});
