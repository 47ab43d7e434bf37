// Directives of Cache-Control, and of fields for this cache alone.
import { describe, expect, it } from "vitest";
import { appliesToAll, directivesOf, namedFields, parseCacheControl, secondsOf } from "../../../../core/cache/headers/directives.ts";
import { fields } from "../../../support/header-fields.ts";

describe("Cache-Control", () => {
  it.each([
    ["max-age=60", "max-age", 60],
    ["MAX-AGE=60", "max-age", 60],
    ['max-age="60"', "max-age", 60],
    ["foo, max-age=60", "max-age", 60],
    ['extension="max-age=3600", max-age=1', "max-age", 1],
    ['max-age=1, extension="max-age=3600"', "max-age", 1],
    ["max-age=99999999999", "max-age", 2_147_483_648],
    ["max-age=60, max-age=30", "max-age", 30],
    ["max-age=-1", "max-age", 0],
    ["max-age=1.5", "max-age", 0],
    ["max-age='60'", "max-age", 0],
    ["max-age =60", "max-age", 0],
    ["max-age= 60", "max-age", 0],
    ["max-age", "max-age", 0],
    ["s-maxage=60", "max-age", undefined],
    ["xmax-age=60", "max-age", undefined],
  ])("%s has seconds of %s: %s", (text, name, seconds) => {
    expect(secondsOf(parseCacheControl(text), name)).toBe(seconds);
  });

  it("distinguishes directives for the whole response from those for some fields", () => {
    const some = parseCacheControl('no-cache="a, B", private="c"');
    expect([namedFields(some, "no-cache"), namedFields(some, "private"), appliesToAll(some, "no-cache")]).toEqual([
      ["a", "b"],
      ["c"],
      false,
    ]);
    expect(appliesToAll(parseCacheControl('no-cache="a", no-cache'), "no-cache")).toBe(true);
    expect(appliesToAll(parseCacheControl("PRIVATE"), "private")).toBe(true);
    expect(appliesToAll(parseCacheControl("private=a b"), "private")).toBe(true); // malformed, so it applies to the whole response
  });

  it("parses long malformed text in linear time", () => {
    const text = `${'"'.repeat(20_001)}${"=,".repeat(20_000)}${'a="\\'.repeat(20_000)}`;
    expect(parseCacheControl(text).size).toBeLessThan(10);
  });

  it.each([
    ["foo=a, foo=a", "foo", "a"],
    ["foo=a, foo=b", "foo", ""],
    ["max-age=30, max-age=60", "max-age", "30"],
    ["max-age=60, max-age=30", "max-age", "30"],
    ["max-age=9, max-age=10", "max-age", "9"],
    ["max-age=x, max-age=5", "max-age", ""],
    ["max-age=5, max-age=x", "max-age", ""],
    ['no-cache="a", no-cache="b"', "no-cache", "a, b"],
    ['private="a", private="b"', "private", "a, b"],
    ['private="a", private', "private", ""],
    ['private, private="a"', "private", ""],
    ['no-cache, no-cache="a"', "no-cache", ""],
    ['foo="6\\0"', "foo", "60"],
    ["=5", "", undefined],
    ["foo=", "foo", ""],
    ['foo="a', "foo", ""],
  ])("%s gives %s the value %j", (text, name, value) => expect(parseCacheControl(text).get(name)).toBe(value));

  it("has no directives where the field is missing or empty", () => {
    for (const text of [null, "", ",", " "]) expect(parseCacheControl(text).size).toBe(0);
    expect(namedFields(parseCacheControl("private"), "private")).toBeUndefined();
    expect(namedFields(parseCacheControl("private"), "no-cache")).toBeUndefined();
    expect(appliesToAll(parseCacheControl(""), "private")).toBe(false);
  });
});

describe("directives for this cache alone", () => {
  const read = (record: Readonly<Record<string, string>>) => directivesOf(fields(record), ["cdn-cache-control"]);

  it("replace Cache-Control where they are present", () => {
    const { directives, isTargeted } = read({ "cdn-cache-control": "max-age=60, foo", "cache-control": "no-store" });
    expect([isTargeted, secondsOf(directives, "max-age"), directives.has("no-store")]).toEqual([true, 60, false]);
    expect(read({ "cdn-cache-control": "private" }).directives.has("private")).toBe(true);
  });

  it.each(["max-age=60, &&&", 'max-age="60"', "max-age=60.0", "max-age=-1", "MaX-aGe=60", "max-age =60", "max-age= 60", "", "max-age=60,"])(
    "are ignored where one of them is invalid: %j",
    (text) => {
      const { directives, isTargeted } = read({ "cdn-cache-control": text, "cache-control": "no-store" });
      expect([isTargeted, directives.has("no-store")]).toEqual([false, true]);
    },
  );

  it("have values by kind, from the first field that is present", () => {
    const readFirst = (text: string) => directivesOf(fields({ a: text, b: "max-age=1" }), ["none", "a", "b"]).directives;
    expect([...readFirst('on, off=?0, yes=?1, n=-7, s="x", t=tok, q="?0"')]).toEqual([
      ["on", ""],
      ["yes", ""],
      ["n", "-7"],
      ["s", "x"],
      ["t", ""],
      ["q", "?0"],
    ]);
    for (const name of ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]) {
      expect([...readFirst(`${name}=0`)]).toEqual([[name, "0"]]);
      for (const value of ["tok", "?1", "-1", "1.0", '"1"']) expect([...readFirst(`${name}=${value}`)], name).toEqual([["max-age", "1"]]);
    }
    expect(directivesOf(fields({ "cache-control": "x" }), [])).toEqual({ directives: new Map([["x", ""]]), isTargeted: false });
  });
});
