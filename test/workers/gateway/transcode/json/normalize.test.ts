// JSON bodies against their message types: what is accepted, and which fields are named in a refusal.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { normalizeJson } from "../../../../../workers/gateway/transcode/json/normalize.ts";
import { post, send } from "../../../../transcoding/send.ts";

describe("normalizeJson", () => {
  it.each([
    ['{"i32": 1.0, "i64": 1e2, "u64": 18446744073709551615, "u32": 0.4e1}', { i32: 1, i64: "100", u64: "18446744073709551615", u32: 4 }],
    ['{"i64": 9007199254740993, "wI64": -9007199254740993}', { i64: "9007199254740993", wI64: "-9007199254740993" }],
    ['{"i64": 9007199254740993.0, "u64": 1.8446744073709551615e19}', { i64: "9007199254740993", u64: "18446744073709551615" }],
    ['{"i32": -0, "i64": -0, "wI32": -0}', { wI32: 0 }],
    [
      '{"smallReal": 3.4028235e38, "wSmallReal": "-3.4028235e38"}',
      { smallReal: 3.4028234663852886e38, wSmallReal: -3.4028234663852886e38 },
    ],
    ['{"color": 1, "colors": ["GREEN", 7]}', { color: "RED", colors: ["GREEN", 7] }],
    ['{"text": "\\u0000\\ud83d\\ude00"}', { text: "\u0000\u{1f600}" }],
    ['{"text": null, "i32": null, "part": null, "numbers": null, "byText": null, "wText": null, "color": null, "time": null}', {}],
    [
      '{"value": null, "null": null, "values": [null, 1], "valuesByText": {"a": null}}',
      { value: null, values: [null, 1], valuesByText: { a: null } },
    ],
    ['{"oneText": "a", "oneNumber": null, "onePart": null, "oneTime": null, "oneColor": null}', { oneText: "a" }],
    ['{"oneValue": null}', { oneValue: null }],
    [
      '{"byI32": {"-1": "a"}, "byU64": {"18446744073709551615": "b"}, "byFlag": {"true": "c"}}',
      { byI32: { "-1": "a" }, byU64: { "18446744073709551615": "b" }, byFlag: { true: "c" } },
    ],
    ['{"i64ByText": {"a": 9007199254740993, "b": "1e2", "__proto__": 1}}', undefined],
    ['{"fields": {"a": [1e3, "x", null, true, {"__proto__": 1}]}, "list": [[], {}], "value": 12345678901234567890}', undefined],
    ['{"any": {}, "anys": [{"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1.5s"}]}', undefined],
    ['{"any": {"@type": "type.googleapis.com/differential.v1.Part", "name": "x", "time": "2026-01-01T00:00:00Z"}}', undefined],
    ['{"two": {"name": "x", "level": "LEVEL_HIGH", "[differential.v1.extra]": 5}}', undefined],
  ])("accepts %s", (body, message) => {
    const outcome = post(body);
    expect(outcome.problem).toBeUndefined();
    if (message !== undefined) expect(outcome.json).toEqual(message);
  });

  it.each([
    ['{"i32": 1.5, "u32": -1, "i64": 1e-1, "u64": -0.5}', ["i32", "u32", "i64", "u64"]],
    ['{"i32": 1e-400, "i64": 1.00000000000000000001, "u32": 1234567890.00000000000001}', ["i32", "i64", "u32"]],
    ['{"i32": true, "text": 1, "flag": "true", "raw": 1, "color": 1.5, "real": "x"}', ["i32", "text", "flag", "raw", "color", "real"]],
    [
      '{"flag": 1, "time": 5, "span": 1, "mask": ["a"], "nothing": [], "part": [], "parts": {}}',
      ["flag", "time", "span", "mask", "nothing", "part", "parts"],
    ],
    ['{"real": 1e400, "smallReal": 1e39, "wReal": -1e400, "wSmallReal": 3.5e38}', ["real", "small_real", "w_real", "w_small_real"]],
    ['{"value": 1e400}', ["value"]],
    ['{"value": [{"a": -1e400}]}', ["value"]],
    [
      '{"fields": {"a": 1e400}, "list": [1e400], "values": [1, 1e400], "valuesByText": {"k": 1e400}}',
      ["fields", "list", "values[1]", 'values_by_text["k"]'],
    ],
    [
      '{"text": "\\ud800", "texts": ["a", "\\udc00"], "value": "\\ud800", "fields": {"\\ud800": 1}}',
      ["text", "texts[1]", "value", "fields"],
    ],
    ['{"byText": {"\\ud800": "a"}, "wText": "\\ud800"}', ["by_text", "w_text"]],
    [
      '{"numbers": [1, "0x2", null], "texts": [null], "parts": [{"n": 1}, null, {"n": "+1"}]}',
      ["numbers[1]", "numbers[2]", "texts[0]", "parts[1]", "parts[2].n"],
    ],
    ['{"wNumbers": ["1", null, "01"], "times": ["2026-02-30T00:00:00Z"]}', ["w_numbers[1]", "w_numbers[2]", "times[0]"]],
    [
      '{"timesByText": {"a": "2026-02-30T00:00:00Z", "b": null}, "partsByText": {"c": {"time": "x"}}}',
      ['times_by_text["a"]', 'times_by_text["b"]', 'parts_by_text["c"].time'],
    ],
    [
      '{"byI32": {"0x1": "a"}, "byI64": {"01": "a"}, "byU32": {"-1": "a"}, "byFlag": {"True": "a"}, "byU64": {"": "a"}}',
      ["by_i32", "by_i64", "by_u32", "by_flag", "by_u64"],
    ],
    ['{"byI32": {"1.0": "a", "1e0": "b", " 1": "c", "+1": "d", "2147483648": "e"}}', Array(5).fill("by_i32")],
    ['{"byI32": {"0": "a", "-0": "b"}}', ["by_i32"]],
    ['{"longName": "a", "long_name": "b"}', ["long_name"]],
    ['{"oneText": "a", "oneNumber": 1, "oneValue": null}', ["one_number", "one_value"]],
    ['{"any": {"@type": "type.googleapis.com/google.protobuf.Timestamp", "value": "2026-02-30T00:00:00Z"}}', ["any.value"]],
    ['{"any": {"@type": "type.googleapis.com/google.protobuf.Timestamp"}}', ["any"]],
    ['{"any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s", "more": 1}}', ["any.more"]],
    ['{"any": {"@type": "type.googleapis.com/google.protobuf.Value", "value": 1e400}}', ["any.value"]],
    ['{"any": {"@type": "type.googleapis.com/differential.v1.Part", "n": "0x1", "nope": 1}}', ["any.n", "any.nope"]],
    [
      '{"any": {"@type": "type.googleapis.com/google.protobuf.Any", "value": {"@type": "type.googleapis.com/differential.v1.Part", "ns": ["+1"]}}}',
      ["any.value.ns[0]"],
    ],
    ['{"any": {"@type": "type.googleapis.com/nobody.Knows"}}', ["any"]],
    ['{"any": {"name": "x"}}', ["any"]],
    ['{"any": {"@type": 5}}', ["any"]],
    ['{"inner": {"inner": {"time": "2026-02-30T00:00:00Z"}}}', ["inner.inner.time"]],
    ['{"onePart": {"n": "1 "}}', ["one_part.n"]],
    ['{"wRaw": "aGk==", "raws": ["aGk=", "a GVs"]}', ["w_raw", "raws[1]"]],
    ['{"wI32": "0x1", "wU64": "+1", "wI64": " 1", "wFlag": "true", "wU32": 4294967296}', ["w_i32", "w_u64", "w_i64", "w_flag", "w_u32"]],
    [
      '{"color": "1", "colors": ["RED", "PINK", 2147483648], "colorsByText": {"a": "PINK"}}',
      ["color", "colors[1]", "colors[2]", 'colors_by_text["a"]'],
    ],
    ['{"two": {"name": "x", "level": 3}}', ["two.level"]],
    ['{"two": {"name": "x", "[differential.v1.extra]": "0x5"}}', ["two.extra"]],
    ['{"null": "x"}', ["null"]],
    ['{"maybe": "", "nope": 1}', ["maybe", "nope"]],
  ])("refuses %s by its fields", (body, fields) => {
    expect(post(body).fields).toEqual(fields);
  });

  it.each([
    ["/v1/time", '"2026-02-30T00:00:00Z"', "time"],
    ["/v1/text", '"\\ud800"', "text"],
    ["/v1/numbers", '[1, "0x1"]', "numbers[1]"],
    ["/v1/value", "1e400", "value"],
    ["/v1/any", '{"@type": "x"}', "any"],
    ["/v1/part/a", '{"n": "01"}', "part.n"],
  ])("checks a body that is one field of %s: %s", (path, body, field) => {
    expect(send("POST", path, body).fields).toEqual([field]);
  });

  it("drops unknown names if they are ignored, and checks everything else", () => {
    const options = { ignoreUnknownFields: true };
    expect(post('{"nope": 1e400, "color": "PINK", "colors": ["RED", "PINK"]}', options)).toEqual({ json: { colors: ["RED"] } });
    expect(post('{"nope": 1, "i32": "0x1", "part": {"nope": 1, "n": "+1"}}', options).fields).toEqual(["i32", "part.n"]);
    expect(post('{"color": "red"}', { caseInsensitiveEnums: true })).toEqual({ json: { color: "RED" } });
  });

  it("lists twenty of ninety thousand violations", () => {
    const outcome = post(`{"texts": [${"1,".repeat(90_000)}1]}`);
    expect(outcome.fields).toHaveLength(20);
  });
});

describe("a key that is the name of one field and the JSON name of another", () => {
  const field = (name: string, number: number, jsonName: string) => ({
    ...{ name, number, jsonName },
    ...{ type: FieldDescriptorProto_Type.STRING, label: FieldDescriptorProto_Label.OPTIONAL },
  });
  const file = {
    ...{ name: "twins.proto", package: "test", syntax: "proto3" },
    messageType: [{ name: "Twins", field: [field("first", 1, "second"), field("second", 2, "third"), field("own", 3, "own")] }],
  };
  const twins = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage("test.Twins")!;

  it("is refused where the text goes on to an upstream, whose parser may choose the other one", () => {
    const refused = normalizeJson(twins, { second: "a" }, { isForwarded: true });
    expect(refused.kind === "invalid" && refused.violations.listed).toEqual([
      { field: "second", description: "is the JSON name of another field" },
    ]);
    expect(normalizeJson(twins, { first: "a", third: "b", own: "c" }, { isForwarded: true })).toMatchObject({ kind: "ok" });
  });

  it("has the meaning of the proto name where the gateway alone reads it", () => {
    expect(normalizeJson(twins, { second: "a" }, {})).toMatchObject({ kind: "ok" });
  });
});
