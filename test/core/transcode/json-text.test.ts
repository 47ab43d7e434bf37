// What is looked for in JSON before it is parsed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { surveyJson } from "../../../core/transcode/json-text.ts";

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
});
