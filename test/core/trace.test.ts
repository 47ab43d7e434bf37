// W3C Trace Context, as its own examples have it.
import { describe, expect, it } from "vitest";
import { isRequestId, nextTraceparent, parseTraceparent } from "../../core/trace.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const span = "b7ad6b7169203331";

describe("parseTraceparent", () => {
  it("reads a valid one", () => {
    expect(parseTraceparent(`00-${trace}-${span}-01`)).toEqual({ traceId: trace, parentId: span, flags: "01" });
  });

  it("reads a later version by what it shares with this one", () => {
    expect(parseTraceparent(`01-${trace}-${span}-01-future`)).toMatchObject({ traceId: trace });
  });

  it.each([
    null,
    "",
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace}-${span}`,
    `00-${trace}-${span}-0x`,
  ])("starts anew for %j", (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});

describe("nextTraceparent", () => {
  const random = Uint8Array.from({ length: 24 }, (_, index) => index + 1);

  it("continues a trace with a span of our own, sampled as the caller decided", () => {
    const parent = parseTraceparent(`00-${trace}-${span}-01`);
    expect(nextTraceparent(parent, random)).toBe(`00-${trace}-1112131415161718-01`);
  });

  it("begins one where there was none", () => {
    expect(nextTraceparent(undefined, random)).toBe("00-0102030405060708090a0b0c0d0e0f10-1112131415161718-00");
  });
});

it("keeps request ids that are safe in a log, and no others", () => {
  expect(["a", "6f1c-3", "x".repeat(128)].every(isRequestId)).toBe(true);
  expect([null, "", "a b", 'a"b', "a\nb", "é", "x".repeat(129)].some(isRequestId)).toBe(false);
});

it("reads a traceparent of later versions up to 512 characters", () => {
  const start = `01-${"1".repeat(32)}-${"2".repeat(16)}-01-`;
  const long = (length: number) => parseTraceparent(start.padEnd(length, "x"));
  expect(long(512)).toEqual({ traceId: "1".repeat(32), parentId: "2".repeat(16), flags: "01" });
  expect(long(513)).toBeUndefined();
  expect([parseTraceparent(start.slice(0, 55))?.flags, parseTraceparent(start.slice(0, 54))]).toEqual(["01", undefined]);
  expect([parseTraceparent(start.replace("01-1", "00-1")), parseTraceparent(start.replace("01-1", "ff-1"))]).toEqual([
    undefined,
    undefined,
  ]);
});
