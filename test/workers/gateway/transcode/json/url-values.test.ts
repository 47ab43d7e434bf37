// Values in URLs: fields of well-known types with bounds of their own, wrappers and repeated fields.
import { describe, expect, it } from "vitest";
import { send } from "../../../../transcoding/send.ts";

describe("query parameters of inner and repeated fields", () => {
  it.each([
    ["time.seconds=253402300799&time.nanos=999999999", { time: "9999-12-31T23:59:59.999999999Z" }],
    ["value.numberValue=1.5", { value: 1.5 }],
    ["wSmallReal=3.4028235e38&wTime=", undefined],
    ["colors=GREEN&colors=7&numbers=1e1", { colors: ["GREEN", 7], numbers: [10] }],
    ["text=%00", { text: "\u0000" }],
  ])("accepts or refuses %s", (query, message) => {
    const outcome = send("GET", `/v1/read?${query}`);
    if (message === undefined) expect(outcome.fields).toEqual(["wTime"]);
    else expect(outcome).toEqual({ json: message });
  });

  it.each([
    ["time.seconds=253402300800", "time.seconds"],
    ["time.seconds=-62135596801", "time.seconds"],
    ["time.nanos=-1", "time.nanos"],
    ["time.nanos=1000000000", "time.nanos"],
    ["span.seconds=315576000001", "span.seconds"],
    ["span.nanos=1000000000", "span.nanos"],
    ["value.numberValue=NaN", "value.numberValue"],
    ["value.numberValue=Infinity", "value.numberValue"],
    ["times=2026-02-30T00:00:00Z", "times"],
    ["part.time=2026-02-30T00:00:00Z", "part.time"],
    ["wRaw=aGk==", "wRaw"],
    ["two.name=x&two.level=3", "two.level"],
  ])("refuses %s", (query, field) => {
    expect(send("GET", `/v1/read?${query}`).fields).toEqual([field]);
  });
});
