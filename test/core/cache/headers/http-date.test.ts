// Dates in the three formats of HTTP: what is read, and what is no date.
import { describe, expect, it } from "vitest";
import { parseHttpDate } from "../../../../core/cache/headers/http-date.ts";

const NOW = Date.UTC(2026, 10, 25);

describe("parseHttpDate", () => {
  it.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Thursday, 18-Aug-50 02:01:18 GMT", Date.UTC(2050, 7, 18, 2, 1, 18)],
    ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["SUN, 06 NOV 1994 08:49:37 gmt", Date.UTC(1994, 10, 6, 8, 49, 37)],
    ["Sun, 21 Nov 2286 04:46:39 GMT", Date.UTC(2286, 10, 21, 4, 46, 39)],
  ])("reads %s", (text, expected) => {
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
  ])("takes %j for no date", (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });

  it("accepts a leap second and 31 days, and no later time or day", () => {
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

  it("reads each day of the week: in full in the format of RFC 850, and abbreviated in the others", () => {
    for (const day of ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]) {
      expect(parseHttpDate(`${day}, 06-Nov-94 08:49:37 GMT`, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
      expect(parseHttpDate(`${day.slice(0, 3)}, 06 Nov 1994 08:49:37 GMT`, NOW)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
      expect(parseHttpDate(`${day}, 06 Nov 1994 08:49:37 GMT`, NOW)).toBeUndefined();
      expect(parseHttpDate(`${day.slice(0, 3)}, 06-Nov-94 08:49:37 GMT`, NOW)).toBeUndefined();
    }
  });

  it("takes a two-digit year that is more than 50 years ahead for one of the last century", () => {
    expect(parseHttpDate("Tuesday, 24-Nov-76 12:00:00 GMT", NOW)).toBe(Date.UTC(2076, 10, 24, 12));
    expect(parseHttpDate("Tuesday, 24-Nov-76 12:00:01 GMT", NOW)).toBe(Date.UTC(1976, 10, 24, 12, 0, 1));
    expect(parseHttpDate("Tuesday, 32-Nov-76 12:00:01 GMT", NOW)).toBeUndefined();
  });

  it("reads the date of every month in all three formats", () => {
    for (let month = 0; month < 12; month++) {
      const at = Date.UTC(2026, month, 15, 1, 2, 3);
      const imf = new Date(at).toUTCString();
      expect(parseHttpDate(imf, at)).toBe(at);
      const [day = "", number = "", name = "", year = "", clock = ""] = imf.replace(",", "").split(" ");
      expect(parseHttpDate(`${day} ${name} ${number} ${clock} ${year}`, at)).toBe(at);
      expect(parseHttpDate(`Monday, ${number}-${name}-${year.slice(2)} ${clock} GMT`, at)).toBe(at);
    }
  });
});
