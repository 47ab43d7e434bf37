import { describe, expect, it } from "vitest";
import { MAX_RETRY_AFTER_MS, parsePushback, parseRetryAfter } from "../../../core/retry/retry-after.ts";

const NOW = Date.UTC(2026, 10, 29, 12, 0, 0);

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["3", 3_000],
    ["3600", MAX_RETRY_AFTER_MS],
    ["3601", MAX_RETRY_AFTER_MS],
    ["99999999999999999999", MAX_RETRY_AFTER_MS],
    ["Sun, 29 Nov 2026 12:00:07 GMT", 7_000],
    ["Sunday, 29-Nov-26 12:00:07 GMT", 7_000],
    ["Sun Nov 29 12:00:07 2026", 7_000],
    ["Sun, 29 Nov 2026 11:00:00 GMT", 0],
    ["Fri, 29 Nov 2126 12:00:00 GMT", MAX_RETRY_AFTER_MS],
  ])("%s is a time", (text, ms) => {
    expect(parseRetryAfter(text, NOW)).toBe(ms);
  });

  it.each([
    "",
    " ",
    "-1",
    "1.5",
    "1e3",
    "0x10",
    "+3",
    "3, 3",
    "3 s",
    "soon",
    "Infinity",
    "NaN",
    "1".repeat(21),
    "2026-11-29T12:00:07Z",
    "x".repeat(5_000),
  ])("%s is none", (text) => {
    expect(parseRetryAfter(text, NOW)).toBeUndefined();
  });
});

describe("grpc-retry-pushback-ms", () => {
  it.each([
    ["0", 0],
    ["250", 250],
    ["99999999999", MAX_RETRY_AFTER_MS],
    ["-1", -1],
    ["soon", -1],
    ["", -1],
  ])("%s", (text, ms) => {
    expect(parsePushback(text)).toBe(ms);
  });
});
