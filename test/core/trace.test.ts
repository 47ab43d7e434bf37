// W3C Trace Context, as its own examples have it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundedTracestate, isRequestId, nextTraceparent, parseTraceparent } from "../../core/trace.ts";

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

describe("boundedTracestate", () => {
  const member = (length: number, key = "k") => `${key}=${"v".repeat(length - key.length - 1)}`;

  it("keeps what W3C allows as it is", () => {
    const state = Array.from({ length: 32 }, (_, at) => `v${at}@t=a b`).join();
    expect(boundedTracestate(state)).toBe(state);
    expect(boundedTracestate(`${member(255)},${member(256)}`)).toHaveLength(512);
  });

  it("keeps the first 32 members, whole ones, of together 512 characters", () => {
    const many = Array.from({ length: 40 }, (_, at) => `k${at}=1`);
    expect(boundedTracestate(many.join(", "))).toBe(many.slice(0, 32).join());
    expect(boundedTracestate(Array(8).fill(member(100)).join())).toBe(Array(5).fill(member(100)).join());
    expect(boundedTracestate(member(513))).toBe("");
  });

  it("leaves out members above 128 characters first where not all fit", () => {
    expect(boundedTracestate([member(300), member(128, "a"), member(90, "b"), member(100, "c")].join())).toBe(
      [member(128, "a"), member(90, "b"), member(100, "c")].join(),
    );
  });

  it.each(["", ",,", "K=1", "a", "a=", "a=b=c", "=b", "a=b\u001b[31m", "a=\u00e9"])("leaves out malformed members: %j", (state) => {
    expect(boundedTracestate(state)).toBe("");
    expect(boundedTracestate(`${state},ok=1`)).toBe("ok=1");
  });

  it("is within its bounds, and made of whole members, for any text", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("a=1", "b@c=2", ",", " , ", "x".repeat(200), `k=${"v".repeat(150)}`),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 100 }), (parts) => {
        const header = parts.join("");
        const state = boundedTracestate(header);
        const sent = header.split(",").map((one) => one.trim());
        expect(state.length).toBeLessThanOrEqual(512);
        const members = state === "" ? [] : state.split(",");
        expect(members.length).toBeLessThanOrEqual(32);
        expect(members.every((one) => sent.includes(one))).toBe(true);
      }),
    );
  });
});
