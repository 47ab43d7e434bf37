// What is looked for in JSON before it is parsed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countJsonKeys, surveyJson } from "../../../core/transcode/json-text.ts";

describe("surveyJson", () => {
  it("lets a text nest as deep as allowed, and not one level deeper", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(surveyJson(nested(100), 100).kind).toBe("ok");
    expect(surveyJson(nested(101), 100)).toEqual({ kind: "invalid", problem: "nests deeper than 100 levels" });
    expect(surveyJson('{"a":[{"b":"[[[[["}]}', 3).kind).toBe("ok");
  });

  it.each(['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"b":{"a":1,"c":[],"a":2}}]', '{"__proto__":1,"__proto__":2}'])(
    "finds the key that %s has twice",
    (text) => {
      expect(surveyJson(text, 100).kind).toBe("invalid");
    },
  );

  it.each(['{"a":"a","b":["a","a"],"c":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":"\\"a\\":","b":"{"}'])("finds no key twice in %s", (text) => {
    expect(surveyJson(text, 100).kind).toBe("ok");
  });

  it.each([
    ['{"a":9007199254740993}', true],
    ['{"a":999999999999999}', false],
    ['{"a":"9007199254740993"}', false],
    ["[1.00000000000000001]", true],
  ])("sees in %s whether digits could be lost: %s", (text, hasLongNumber) => {
    expect(surveyJson(text, 100)).toEqual({ kind: "ok", hasLongNumber });
  });

  it("takes all JSON that has no key twice, and answers any other text as well", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), fc.string(), (json, text) => {
        expect(surveyJson(json, 100).kind).toBe("ok");
        surveyJson(text, 100);
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', '"a"'],
    ['{"a":1,"\\u0061":2}', '"\\u0061"'],
    ['{"\\"":1,"\\"":2}', '"\\""'],
    ['{"a,b":1,"c":2,"a,b":3}', '"a,b"'],
    ['{"a":{"b":1},"a":2}', '"a"'],
    ['{"a":[1,{}],"a":2}', '"a"'],
    ['[[1],{"x":"y","x":0}]', '"x"'],
    [`{"${"k".repeat(150)}":1,"${"k".repeat(150)}":2}`, `"${"k".repeat(99)}`],
    ['{"\\x":1,"\\x":2}', '"\\x"'], // no JSON, and the parser would refuse it as well
  ])("finds the key that %s has twice", (text, key) => {
    expect(surveyJson(text, 100)).toEqual({ kind: "invalid", problem: `has the key ${key} twice` });
  });

  it.each([
    '["a","a"]',
    '{"a":["x","x",{"a":"a"}],"b":{"a":1}}',
    '{"a":{},"b":{},"c":[]}',
    '[{"a":1},"a","a"]',
    '{"a":{"b":1},"b":2}',
    '{"b":{"a":"x"},"x":"a"}',
    '{"\\\\":1,"\\"":2}',
    '{"a":"}","b":"{","c":",","d":"["}',
    '{"":1,"\\"":2}',
    '{"a":"b","c',
    '{"a":1,"ab', // cut off within a key
    '{"":1,"c',
    '{"\\"\\t\\"":1,"\t":2}', // a tab within quotes, and a raw tab, which JSON does not allow
    '{"\\x":1,"\\y":2}', // no JSON
    '"\\',
    "]",
    "}",
    '},"a","a"',
    '],"a":1,"a":2',
  ])("finds no key twice in %s", (text) => {
    expect(surveyJson(text, 100)).toEqual({ kind: "ok", hasLongNumber: false });
  });

  it("counts open arrays and objects only", () => {
    expect(surveyJson("[[],[],{}]", 2).kind).toBe("ok");
    expect(surveyJson('{"a":{"b":{}}}', 2)).toEqual({ kind: "invalid", problem: "nests deeper than 2 levels" });
    expect(surveyJson("[]", 0)).toEqual({ kind: "invalid", problem: "nests deeper than 0 levels" });
    expect(surveyJson("1", 0).kind).toBe("ok");
  });

  it.each([
    ["0", false],
    ["-1", false],
    ["[1e2]", true],
    ["[1E2]", true],
    ["[-1.5e-3,1]", true],
    ["[1e2,1]", true], // one of several is enough, wherever it stands
    ["[1,1234567890123456]", true],
    ["[123456789012345,999999999999999]", false],
    ["0.1234567890123", false], // 15 characters
    ["0.12345678901234", true], // 16
    ["1234567890.1234567", true],
    ['"1e5"', false],
    ['{"e5":"e"}', false],
    ["[true,false,null]", false],
    ["[9007199254740993]", true],
    ["[900719925474099,0]", false],
  ])("sees in %s whether digits could be lost: %s", (text, hasLongNumber) => {
    expect(surveyJson(text, 100)).toEqual({ kind: "ok", hasLongNumber });
  });
});

describe("countJsonKeys", () => {
  const keysOf = (value: unknown): number =>
    typeof value !== "object" || value === null
      ? 0
      : Object.values(value).reduce<number>((sum, one) => sum + keysOf(one), Array.isArray(value) ? 0 : Object.keys(value).length);

  it("counts the keys of any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, spaces) => {
        const text = JSON.stringify(value, null, spaces);
        expect(countJsonKeys(text, 100)).toMatchObject({ kind: "ok", keys: keysOf(JSON.parse(text)) });
      }),
    );
  });

  it.each([
    ['{"a":1,"a":2}', 2],
    ['{"a":1,"\\u0061":{"b":"c","b":["d"]}}', 4],
    ['{"__proto__":1,"__proto__":{}}', 2],
    ['["a","b",{}]', 0],
  ])("counts a key each time it is given: %s", (text, keys) => {
    expect(countJsonKeys(text, 100)).toMatchObject({ kind: "ok", keys });
  });

  it("limits the depth", () => {
    expect(countJsonKeys("[[]]", 1)).toEqual({ kind: "invalid", problem: "nests deeper than 1 levels" });
  });
});
