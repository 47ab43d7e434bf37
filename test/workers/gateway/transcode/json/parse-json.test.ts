import { describe, expect, it } from "vitest";
import { Rejected } from "../../../../../core/rejection.ts";
import { parseJson } from "../../../../../workers/gateway/transcode/json/parse-json.ts";
import { NumberText } from "../../../../../workers/gateway/transcode/json/scalars.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusal(body: Uint8Array): string {
  try {
    parseJson(body);
  } catch (error) {
    if (error instanceof Rejected && error.rejection.kind === "invalid_request") return error.rejection.message;
    throw error;
  }
  throw new Error("accepted");
}

describe("parseJson", () => {
  it("keeps the text of numbers that a double may not represent, and parses the others", () => {
    expect(parseJson(bytes('{"a": 12345678901234567890, "b": 1e2, "c": 1.5, "d": "1e2"}'))).toEqual({
      a: new NumberText("12345678901234567890"),
      b: new NumberText("1e2"),
      c: 1.5,
      d: "1e2",
    });
  });

  it.each([
    ["{", /^body is not JSON: /],
    ['{"a": 1, "a": 2}', /^body has the key "a" twice$/],
    ["[".repeat(101) + "]".repeat(101), /^body nests deeper than 100 levels$/],
  ])("refuses %j", (text, message) => {
    expect(refusal(bytes(text))).toMatch(message);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22))).toBe("body is not UTF-8");
  });

  it("accepts 100 levels, and a byte order mark", () => {
    expect(parseJson(bytes("[".repeat(100) + "]".repeat(100)))).toBeInstanceOf(Array);
    expect(parseJson(bytes("\ufeff{}"))).toEqual({});
  });
});
