// What stands in header fields: dates, directives, structured fields, lists.
import { describe, expect, it } from "vitest";
import { appliesToAll, directivesOf, namedFields, parseCacheControl, secondsOf } from "../../../core/cache/headers/directives.ts";
import { parseHeaderList } from "../../../core/cache/headers/header-list.ts";
import { parseHttpDate } from "../../../core/cache/headers/http-date.ts";
import { parseDictionary } from "../../../core/cache/headers/structured-dictionary.ts";
import { normalizeField, variantOf, varyNames } from "../../../core/cache/headers/vary.ts";

const NOW = Date.UTC(2026, 10, 25);
const fields = (record: Readonly<Record<string, string>>) => ({ get: (name: string) => record[name.toLowerCase()] ?? null });

describe("a date of HTTP", () => {
  it.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Thursday, 18-Aug-50 02:01:18 GMT", Date.UTC(2050, 7, 18, 2, 1, 18)],
    ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["SUN, 06 NOV 1994 08:49:37 gmt", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sun, 21 Nov 2286 04:46:39 GMT", Date.UTC(2286, 10, 21, 4, 46, 39)],
  ])("is read: %s", (text, expected) => {
    expect(parseHttpDate(text, NOW)).toBe(expected);
  });

  it.each([
    ...["0", "", "now", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 94 08:49:37 GMT"],
    ...[
      "Sun 06 Nov 1994 08:49:37 GMT",
      "Sun, 06  Nov  1994 08:49:37 GMT",
      "Sun, 06-Nov-1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 08.49.37 GMT",
    ],
    ...["Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nvo 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT"],
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:38 GMT",
  ])("is not: %j", (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });
});

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
  ])("%s", (text, name, seconds) => {
    expect(secondsOf(parseCacheControl(text), name)).toBe(seconds);
  });

  it("tells what holds for all of an answer from what holds for some of its fields", () => {
    const some = parseCacheControl('no-cache="a, B", private="c"');
    expect([namedFields(some, "no-cache"), namedFields(some, "private"), appliesToAll(some, "no-cache")]).toEqual([
      ["a", "b"],
      ["c"],
      false,
    ]);
    expect(appliesToAll(parseCacheControl('no-cache="a", no-cache'), "no-cache")).toBe(true);
    expect(appliesToAll(parseCacheControl("PRIVATE"), "private")).toBe(true);
    expect(appliesToAll(parseCacheControl("private=a b"), "private")).toBe(true); // can't be read: all of it
  });

  it("ends, whatever stands there", () => {
    const text = `${'"'.repeat(20_001)}${"=,".repeat(20_000)}${'a="\\'.repeat(20_000)}`;
    expect(parseCacheControl(text).size).toBeLessThan(10);
  });
});

describe("directives aimed at this cache", () => {
  const read = (record: Readonly<Record<string, string>>) => directivesOf(fields(record), ["cdn-cache-control"]);

  it("count alone where they are there", () => {
    const { directives, isTargeted } = read({ "cdn-cache-control": "max-age=60, foo", "cache-control": "no-store" });
    expect([isTargeted, secondsOf(directives, "max-age"), directives.has("no-store")]).toEqual([true, 60, false]);
    expect(read({ "cdn-cache-control": "private" }).directives.has("private")).toBe(true);
  });

  it.each(["max-age=60, &&&", 'max-age="60"', "max-age=60.0", "max-age=-1", "MaX-aGe=60", "max-age =60", "max-age= 60", "", "max-age=60,"])(
    "count for nothing where one of them is wrong: %j",
    (text) => {
      const { directives, isTargeted } = read({ "cdn-cache-control": text, "cache-control": "no-store" });
      expect([isTargeted, directives.has("no-store")]).toEqual([false, true]);
    },
  );
});

describe("a dictionary of structured fields", () => {
  it("has members of all kinds", () => {
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
    "is none: %s",
    (text) => {
      expect(parseDictionary(text)).toBeUndefined();
    },
  );
});

describe("fields that answers vary by", () => {
  it("are the same whatever their order, case and number of lines", () => {
    expect(varyNames("Foo, BAR ,foo", null)).toEqual(["bar", "foo"]);
    expect(varyNames(null, null)).toEqual([]);
    expect(varyNames("foo", "gzip")).toEqual(["accept-encoding", "foo"]);
    expect(varyNames(null, "br")).toEqual(["accept-encoding"]);
    expect(varyNames(null, "identity")).toEqual([]);
  });

  it("have values that are compared by what they say", () => {
    const same = (name: string, one: string, other: string) => expect(normalizeField(name, one)).toBe(normalizeField(name, other));
    same("foo", "1,2", " 1 , 2 ");
    same("accept-language", "en, de", "DE,  eN");
    same("accept-encoding", "gzip, br", "br;q=1, gzip, zstd");
    same("accept-encoding", "gzip;q=0", "identity");
    expect(normalizeField("foo", "1,2")).not.toBe(normalizeField("foo", "2,1"));
    expect(normalizeField("foo", "A")).not.toBe(normalizeField("foo", "a"));
  });

  it("make texts that no two choices share", () => {
    const values = [null, "", "-", "1:a", "a", "1:", "0:"];
    const texts = values.flatMap((a) =>
      values.map((b) => variantOf(["a", "b"], fields({ ...(a === null ? {} : { a }), ...(b === null ? {} : { b }) }))),
    );
    expect(new Set(texts).size).toBe(values.length ** 2);
  });
});

describe("the edges of fields", () => {
  it("are those of clocks and days: a leap second, and the days of the longest month", () => {
    const at = (day: string, clock: string) => parseHttpDate(`Sun, ${day} Oct 2026 ${clock} GMT`, NOW);
    expect([at("31", "23:59:60"), at("01", "00:00:00"), at("31", "23:59:59")]).toEqual([
      Date.UTC(2026, 9, 31, 23, 59, 60),
      Date.UTC(2026, 9, 1),
      Date.UTC(2026, 9, 31, 23, 59, 59),
    ]);
    expect([at("32", "00:00:00"), at("00", "00:00:00"), at("01", "24:00:00"), at("01", "00:60:00"), at("01", "00:00:61")]).toEqual(
      Array(5).fill(undefined),
    );
    expect(parseHttpDate(null, NOW)).toBeUndefined();
  });

  it("are each day of the week, in full in the form of RFC 850", () => {
    for (const day of ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) {
      expect(parseHttpDate(`${day}, 06-Nov-94 08:49:37 GMT`, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
      expect(parseHttpDate(`${day.slice(0, 3)}, 06 Nov 1994 08:49:37 GMT`, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
      expect(parseHttpDate(`${day}, 06 Nov 1994 08:49:37 GMT`, NOW)).toBeUndefined();
      expect(parseHttpDate(`${day.slice(0, 3)}, 06-Nov-94 08:49:37 GMT`, NOW)).toBeUndefined();
    }
  });

  it("are 50 years for a year of two digits", () => {
    expect(parseHttpDate("Tuesday, 24-Nov-76 12:00:00 GMT", NOW)).toBe(Date.UTC(2076, 10, 24, 12));
    expect(parseHttpDate("Tuesday, 24-Nov-76 12:00:01 GMT", NOW)).toBe(Date.UTC(1976, 10, 24, 12, 0, 1));
    expect(parseHttpDate("Tuesday, 32-Nov-76 12:00:01 GMT", NOW)).toBeUndefined();
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
  ])("of Cache-Control: %s gives %s the value %j", (text, name, value) => expect(parseCacheControl(text).get(name)).toBe(value));

  it("of Cache-Control: nothing is no directive", () => {
    for (const text of [null, "", ",", " "]) expect(parseCacheControl(text).size).toBe(0);
    expect(namedFields(parseCacheControl("private"), "private")).toBeUndefined();
    expect(namedFields(parseCacheControl("private"), "no-cache")).toBeUndefined();
    expect(appliesToAll(parseCacheControl(""), "private")).toBe(false);
  });

  it("of directives aimed at this cache: values by kind, and the first field that is there", () => {
    const read = (text: string) => directivesOf(fields({ a: text, b: "max-age=1" }), ["none", "a", "b"]).directives;
    expect([...read('on, off=?0, yes=?1, n=-7, s="x", t=tok, q="?0"')]).toEqual([
      ["on", ""],
      ["yes", ""],
      ["n", "-7"],
      ["s", "x"],
      ["t", ""],
      ["q", "?0"],
    ]);
    for (const name of ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"]) {
      expect([...read(`${name}=0`)]).toEqual([[name, "0"]]);
      for (const value of ["tok", "?1", "-1", "1.0", '"1"']) expect([...read(`${name}=${value}`)], name).toEqual([["max-age", "1"]]);
    }
    expect(directivesOf(fields({ "cache-control": "x" }), [])).toEqual({ directives: new Map([["x", ""]]), isTargeted: false });
  });

  it("of a dictionary: kinds, lengths of numbers, and white space", () => {
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

  it.each([
    ["gzip, br", "br, gzip"],
    ["GZIP;q=0.5 , BR", "br, gzip"],
    ["gzip", "gzip"],
    ["gzip;q=0.01", "gzip"],
    ["gzip, br;q=0", "gzip"],
    ["gzip, br; q=0.000 ", "gzip"],
    ["gzip, br;Q=0.0", "gzip"],
    ["br", "identity"],
    ["gzip; q=0, br", "identity"],
    ["", "identity"],
  ])("of Accept-Encoding: %j is %s", (text, want) => expect(normalizeField("accept-encoding", text)).toBe(want));

  it("of a selection: absent, empty and given values", () => {
    expect(variantOf(["a", "b", "c"], fields({ a: "x", c: "" }))).toBe("1:x-0:");
    expect(varyNames("*", "IDENTITY")).toEqual(["*"]);
  });
});

it("a list keeps what is quoted whole", () => {
  expect(parseHeaderList('a, "b,c" , ,W/"d\\",e"')).toEqual(["a", '"b,c"', 'W/"d\\",e"']);
});
