// Structured fields, parsed.
import { describe, expect, it } from "vitest";
import { parseDictionary, parseItem, parseList } from "../../../core/structured-fields/parse.ts";

const bare = (text: string) => parseItem(text)?.item;

describe("an item", () => {
  it.each([
    ["-12", { kind: "integer", value: -12 }],
    ["1.50", { kind: "decimal", value: 1.5 }],
    ['"a\\"b"', { kind: "string", value: 'a"b' }],
    ["tok/en", { kind: "token", value: "tok/en" }],
    [":aGk=:", { kind: "bytes", value: new Uint8Array([104, 105]) }],
    [":aGk:", { kind: "bytes", value: new Uint8Array([104, 105]) }],
    ["::", { kind: "bytes", value: new Uint8Array() }],
    ["?0", { kind: "boolean", value: false }],
    ["@1659578233", { kind: "date", value: 1_659_578_233 }],
    ['%"f%c3%bc"', { kind: "display", value: "fü" }],
    ["  1  ", { kind: "integer", value: 1 }],
  ])("%s is read", (text, item) => {
    expect(bare(text)).toEqual(item);
  });

  it.each([":a:", ":aGk==:", ":aG=k:", ":a=:", ":=:", '%"%c3"', '%"%C3%BC"', '%"é"', "@1.5", "@", "?2", "1 2", "\t1", "1\t", ""])(
    "%j is invalid",
    (text) => {
      expect(parseItem(text)).toBeUndefined();
    },
  );

  it("has parameters, the last one of each name", () => {
    expect(parseItem("1;a;b=?0;a=2")?.parameters).toEqual(
      new Map([
        ["a", { kind: "integer", value: 2 }],
        ["b", { kind: "boolean", value: false }],
      ]),
    );
    expect(parseItem("1;a;b=?0;a=2", "invalid")).toBeUndefined();
  });
});

describe("a list", () => {
  it("has items and inner lists with their parameters", () => {
    const list = parseList('a, (b;x "c");y=1 ,\t2')!;
    expect(list).toHaveLength(3);
    expect(list[1]).toEqual({
      items: [
        { item: { kind: "token", value: "b" }, parameters: new Map([["x", { kind: "boolean", value: true }]]) },
        { item: { kind: "string", value: "c" }, parameters: new Map() },
      ],
      parameters: new Map([["y", { kind: "integer", value: 1 }]]),
    });
    expect(parseList("")).toEqual([]);
  });

  it.each(["a,", ",a", "a b", "(a", "(a b", "(a,b)", "a,,b", "(a);=1", '("a""b")'])("%s is invalid", (text) => {
    expect(parseList(text)).toBeUndefined();
  });
});

describe("a dictionary", () => {
  it("keeps the place of a name that comes twice, or is invalid then", () => {
    expect([...parseDictionary("a=1, b=2, a=3")!]).toEqual([
      ["a", { item: { kind: "integer", value: 3 }, parameters: new Map() }],
      ["b", { item: { kind: "integer", value: 2 }, parameters: new Map() }],
    ]);
    expect(parseDictionary("a=1, b=2, a=3", "invalid")).toBeUndefined();
    expect(parseDictionary("a=1;x;x", "invalid")).toBeUndefined();
    expect(parseDictionary("a=(b;x;x)", "invalid")).toBeUndefined();
    expect(parseDictionary("a=1, b=2", "invalid")?.size).toBe(2);
  });
});

it("reads a long run of spaces in linear time", () => {
  // A pattern that looks for spaces at the end from each of them would take minutes here.
  expect(parseItem(`1;a=${" ".repeat(200_000)}x`)).toBeUndefined();
});
