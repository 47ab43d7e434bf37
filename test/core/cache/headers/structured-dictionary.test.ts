// Dictionaries of structured fields, RFC 9651.
import { describe, expect, it } from "vitest";
import { parseDictionary } from "../../../../core/cache/headers/structured-dictionary.ts";

describe("parseDictionary", () => {
  it("reads members of all kinds, the last one of each name", () => {
    const text = 'a=1, b=?0, c;x=1;y="z", d="q\\"s", e=(1 2;k=t "s");p, f=:aGk=:, g=tok/en*, h=-1.5, a=2';
    const members = parseDictionary(text)!;
    expect([...members.keys()]).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
    expect([members.get("a"), members.get("b"), members.get("d")]).toEqual([
      { kind: "integer", value: "2" },
      { kind: "boolean", value: "?0" },
      { kind: "string", value: 'q"s' },
    ]);
  });

  it.each(["a=", "a=1 b=2", "A=1", "a=1,", ",a=1", 'a="x', "a=(1", "a=?2", "a=1;", "a==1", "é=1", "a=1234567890123456"])(
    "rejects %s",
    (text) => {
      expect(parseDictionary(text)).toBeUndefined();
    },
  );

  it("accepts white space, and numbers up to their maximum length", () => {
    const other = { kind: "other", value: "" };
    expect(Object.fromEntries(parseDictionary('  a, b=tok/en*, c=:aGk=:, d=-1.5, e=(1 2;k=t "s");p, f=( ), g=*x, h;x=?1;  y  ')!)).toEqual({
      ...{ a: { kind: "boolean", value: "?1" }, b: other, c: other, d: other, e: other, f: other, g: other },
      h: { kind: "boolean", value: "?1" },
    });
    expect(parseDictionary("a=1\t,\tb=-2")).toEqual(
      new Map([
        ["a", { kind: "integer", value: "1" }],
        ["b", { kind: "integer", value: "-2" }],
      ]),
    );
    expect(parseDictionary("*a_-.9*=123456789012345")?.get("*a_-.9*")?.value).toBe("123456789012345");
    expect(parseDictionary("a=123456789012.123")?.get("a")).toEqual(other);
    expect(parseDictionary("")?.size).toBe(0);
    for (const text of [
      "a=1234567890123.1",
      "a=1.1234",
      "a=1.",
      "a=--1",
      'a="\\x"',
      'a="é"',
      "a=:a b:",
      "a=:a",
      "a;=1",
      "a;b=",
      "a=(1;)",
      "9a",
    ])
      expect(parseDictionary(text), text).toBeUndefined();
  });

  it("removes white space in front, and none inside strings", () => {
    expect(parseDictionary('  a="x  y"')?.get("a")).toEqual({ kind: "string", value: "x  y" });
    expect(parseDictionary('a="x  y"')?.get("a")).toEqual({ kind: "string", value: "x  y" });
  });
});
