// Texts that are the JSON of bytes and of well-known types, at the edges of each form.
import { expect, it } from "vitest";
import { isBase64, isDuration, isFieldMask, isTimestamp } from "../../../core/transcode/well-known-text.ts";

const yes = (is: (text: string) => boolean, texts: readonly string[]) => texts.filter((text) => !is(text));
const no = (is: (text: string) => boolean, texts: readonly string[]) => texts.filter((text) => is(text));

it("knows a timestamp", () => {
  const at = "2026-02-28T23:59:59";
  expect(
    yes(isTimestamp, [
      ...[`${at}Z`, `${at}.1Z`, `${at}.123456789Z`, `${at}+23:59`, `${at}-00:00`, "2024-02-29T00:00:00Z", "2000-02-29T00:00:00Z"],
      ...[
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "0001-01-01T01:00:00+01:00",
        "9999-12-31T22:59:59-01:00",
        "0001-01-02T00:00:00+23:59",
      ],
      ...[
        "0000-12-31T23:30:00-00:30",
        "9999-12-30T23:59:59-23:59",
        "2026-01-31T00:00:00Z",
        "2026-04-30T00:00:00Z",
        "2026-12-31T00:00:00Z",
        "0001-02-01T00:00:00+01:00",
      ],
    ]),
  ).toEqual([]);
  expect(
    no(isTimestamp, [
      ...[
        "",
        at,
        `${at}z`,
        `${at}.Z`,
        `${at}.1234567890Z`,
        `${at}+24:00`,
        `${at}+00:60`,
        `${at}+0000`,
        `x${at}Z`,
        `${at}Zx`,
        "2026-02-28t00:00:00Z",
      ],
      ...[
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
      ],
      ...[
        "2026-01-32T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-1-01T00:00:00Z",
      ],
      ...[
        "0001-01-01T00:30:00+01:00",
        "9999-12-31T23:30:00-01:00",
        "0000-12-31T23:30:00Z",
        "0000-12-31T23:29:00-00:30",
        "0000-11-30T23:30:00-01:00",
        "0000-12-30T23:30:00-01:00",
      ],
    ]),
  ).toEqual([]);
});

it("knows a duration", () => {
  expect(yes(isDuration, ["0s", "-0s", "1s", "1.5s", "-1.123456789s", "315576000000s", "-315576000000.999999999s"])).toEqual([]);
  expect(
    no(isDuration, [
      "",
      "1",
      "s",
      "1.s",
      ".5s",
      "1.1234567890s",
      "315576000001s",
      "01s",
      "+1s",
      "1 s",
      "1S",
      "x1s",
      "1sx",
      "1000000000000s",
    ]),
  ).toEqual([]);
});

it("knows a field mask", () => {
  expect(yes(isFieldMask, ["", "a", "fooBar", "a.b,cD.e1", "A1"])).toEqual([]);
  expect(no(isFieldMask, [",", "a,", ",a", "a,,b", "a.", ".a", "a..b", "foo_bar", "1a", "a.1b", "a b", " a"])).toEqual([]);
});

it("knows base64 of both alphabets, with all of its padding or none, and no bits left over", () => {
  expect(
    yes(isBase64, [
      "",
      "AA==",
      "AA",
      "AAA=",
      "AAA",
      "AAAA",
      "+/+/",
      "-_-_",
      "AQ==",
      "Ag",
      "AAE=",
      "AAQ",
      "ABCDEFGH",
      "Aw==",
      "+w==",
      "-w",
      "/w==",
      "_w",
      "9w",
      "aA",
      "zg",
      "ZQ",
      "4A",
    ]),
  ).toEqual([]);
  expect(
    no(isBase64, [
      "A",
      "A=",
      "A==",
      "A===",
      "AA=",
      "AAA==",
      "AAAA=",
      "AAAA==",
      "AAAAA",
      "+_+_",
      "AA AA",
      "=AAA",
      "AB==",
      "AB",
      "AP",
      "AAB=",
      "AAB",
      "AAD",
      "Ax",
      "A+==",
      "A-",
      "A/",
      "A_",
      "A9",
      "Aa",
      "Az",
    ]),
  ).toEqual([]);
});

it("knows every last digit of base64 that leaves no bits over", () => {
  const common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (const digits of [`${common}+/`, `${common}-_`]) {
    for (const [sextet, digit] of [...digits].entries()) {
      expect([digit, isBase64(`A${digit}`), isBase64(`A${digit}==`)]).toEqual([digit, sextet % 16 === 0, sextet % 16 === 0]);
      expect([digit, isBase64(`AA${digit}`), isBase64(`AA${digit}=`)]).toEqual([digit, sextet % 4 === 0, sextet % 4 === 0]);
      expect(isBase64(`AAA${digit}`)).toBe(true);
    }
  }
});

it("knows the days of every month, in leap years and others", () => {
  const days = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
  for (const year of [1900, 2000, 2023, 2024, 2100, 2400]) {
    for (let month = 1; month <= 12; month++) {
      const at = (day: number) => `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}T00:00:00Z`;
      expect([at(days(year, month)), isTimestamp(at(days(year, month)))]).toEqual([at(days(year, month)), true]);
      expect([at(days(year, month) + 1), isTimestamp(at(days(year, month) + 1))]).toEqual([at(days(year, month) + 1), false]);
    }
  }
});

it("holds every part of a timestamp to digits, and to its range", () => {
  const good = "2026-11-29T12:34:56.789+01:30";
  for (const [at, character] of [...good].entries()) {
    const broken = `${good.slice(0, at)}x${good.slice(at + 1)}`;
    expect([broken, isTimestamp(broken)]).toEqual([broken, false]);
    const short = good.slice(0, at) + good.slice(at + 1);
    if (/[^\d]/.test(character) || at < 20 || at > 22) expect([short, isTimestamp(short)]).toEqual([short, false]);
  }
  expect(yes(isTimestamp, ["2026-11-29T00:00:00Z", "2026-11-29T23:59:59+23:59", "2026-11-29T23:59:59-23:59"])).toEqual([]);
  expect(no(isTimestamp, [`${good}\n`, ` ${good}`, `a${good}`, good.replace(".789", ".")])).toEqual([]);
});

it("lets the offset decide in the first and the last year", () => {
  const first = (time: string) => isTimestamp(`0001-01-01T${time}`);
  const last = (time: string) => isTimestamp(`9999-12-31T${time}`);
  expect(["01:30:00+01:30", "01:29:59+01:30", "00:00:00-23:59", "23:59:00+23:59", "00:00:00+00:01"].map(first)).toEqual([
    ...[true, false, true, true, false],
  ]);
  expect(["22:29:59-01:30", "22:30:00-01:30", "23:59:59+23:59", "00:00:59-23:59", "00:01:00-23:59"].map(last)).toEqual([
    ...[true, false, true, true, false],
  ]);
  expect(yes(isTimestamp, ["0002-01-01T00:00:00+23:59", "9998-12-31T23:59:59-23:59", "0001-01-02T00:00:00+23:59"])).toEqual([]);
  expect(yes(isTimestamp, ["9999-11-30T23:59:59-23:59", "0001-01-31T00:00:00+23:59"])).toEqual([]);
  expect(yes(isTimestamp, ["0001-12-01T00:00:00+23:59", "9999-01-31T23:59:59-23:59"])).toEqual([]);
  expect(no(isTimestamp, ["0000-12-31T23:59:00Z", "0000-01-31T23:59:00-23:59", "0000-12-01T23:59:00-23:59"])).toEqual([]);
  expect(yes(isTimestamp, ["0000-12-31T00:01:00-23:59", "0000-12-31T23:59:00-00:01"])).toEqual([]);
  expect(no(isTimestamp, ["0000-12-31T00:00:00-23:59", "0000-12-31T23:59:00+00:01"])).toEqual([]);
});
