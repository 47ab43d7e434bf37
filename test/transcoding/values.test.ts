// Values of every kind: what is taken and what is refused is the same in path, query and body, and wherever in a body they stand.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, type JsonObject, type JsonValue, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { canonicalPath } from "../../core/path.ts";
import { Rejected } from "../../core/rejection.ts";
import { decodeRequest } from "../../workers/gateway/transcode/decode-request.ts";
import { encodeRequest } from "../../workers/gateway/transcode/encode-request.ts";
import { responseJson } from "../../workers/gateway/transcode/encode-response.ts";
import { compileRest, type RestOptions } from "../../workers/gateway/transcode/rules/rules.ts";

const set = readFileSync(new URL("../differential/differential.binpb", import.meta.url));
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
const Values = registry.getService("differential.v1.Values")!;
const All = registry.getMessage("differential.v1.All")!;

interface Outcome {
  readonly json?: JsonValue; // of the message that the upstream gets
  readonly fields?: readonly string[]; // that are wrong
  readonly problem?: string;
}

/** A request from its line to the bytes for the upstream, and these bytes read again. */
function send(method: string, path: string, body?: string, options: RestOptions = {}): Outcome {
  const { table, problems } = compileRest([Values], { registry, ...options });
  expect(problems).toEqual([]);
  const at = canonicalPath(`https://gateway.test${path}`);
  if (at.kind === "invalid") return { fields: [], problem: at.problem };
  const match = table.match(method, at.path);
  if (match.kind !== "found") throw new Error(`${method} ${path}: ${match.kind}`);
  const { route, variables } = match;
  try {
    const bytes = body === undefined ? null : new TextEncoder().encode(body);
    const message = decodeRequest(route, variables, at.query, body === undefined ? null : "application/json", bytes);
    return { json: toJson(All, fromBinary(All, encodeRequest(All, message)), { registry }) };
  } catch (error) {
    if (!(error instanceof Rejected) || error.rejection.kind !== "invalid_request") throw error;
    const { violations = [], message } = error.rejection;
    return { fields: violations.map(({ field }) => field), problem: message };
  }
}

const post = (body: string, options?: RestOptions): Outcome => send("POST", "/v1/send", body, options);

/** Texts of one kind: `[text, its JSON in the message]`, and texts that are none. The field is `""` where its JSON is the default. */
interface Kind {
  readonly field: string;
  readonly json: string; // name in JSON
  readonly good: readonly (readonly [text: string, json: JsonValue | undefined])[];
  readonly bad: readonly string[];
  readonly notInPath?: boolean;
}

const INTEGERS_BAD = [
  "",
  " 1",
  "1 ",
  "+1",
  "01",
  "-01",
  "0x1",
  "0b1",
  "0o7",
  "1_000",
  "1,000",
  "1.",
  ".5",
  "1.5",
  "1e-1",
  "1e400",
  "1e-400",
];
const FLOATS_BAD = ["", " 1", "1 ", "+1", "01", "0x1", "1_000", "1.", ".5", "1e", "inf", "nan", "Inf", "-inf", "infinity", "-NaN", "1f"];

const KINDS: readonly Kind[] = [
  {
    field: "i32",
    json: "i32",
    good: [
      ["-2147483648", -2147483648],
      ["2147483647", 2147483647],
      ["1.0", 1],
      ["1e2", 100],
      ["12E-0", 12],
      ["-0", undefined],
    ],
    bad: [...INTEGERS_BAD, "2147483648", "-2147483649", "NaN", "true"],
  },
  {
    field: "u32",
    json: "u32",
    good: [["4294967295", 4294967295]],
    bad: [...INTEGERS_BAD, "-1", "4294967296"],
  },
  {
    field: "i64",
    json: "i64",
    good: [
      ["9007199254740993", "9007199254740993"],
      ["-9223372036854775808", "-9223372036854775808"],
      ["9.007199254740993e15", "9007199254740993"],
    ],
    bad: [...INTEGERS_BAD, "9223372036854775808"],
  },
  {
    field: "u64",
    json: "u64",
    good: [["18446744073709551615", "18446744073709551615"]],
    bad: [...INTEGERS_BAD, "-1", "18446744073709551616"],
  },
  {
    field: "real",
    json: "real",
    good: [
      ["1.7976931348623157e308", 1.7976931348623157e308],
      ["-0", -0],
      ["1e-400", undefined],
      ["NaN", "NaN"],
      ["Infinity", "Infinity"],
      ["-Infinity", "-Infinity"],
    ],
    bad: [...FLOATS_BAD, "1e400", "-1e400", "1.8e308"],
  },
  {
    field: "small_real",
    json: "smallReal",
    good: [
      ["3.4028235e38", 3.4028234663852886e38],
      ["-3.4028235e+38", -3.4028234663852886e38],
      ["3.4028234663852886e38", 3.4028234663852886e38],
      ["Infinity", "Infinity"],
    ],
    bad: [...FLOATS_BAD, "3.4028236e38", "3.5e38", "-3.5e38", "1e400"],
  },
  {
    field: "raw",
    json: "raw",
    good: [
      ["aGVsbG8=", "aGVsbG8="],
      ["aGVsbG8", "aGVsbG8="],
      ["-_8", "+/8="],
      ["+/8=", "+/8="],
      ["YQ==", "YQ=="],
    ],
    bad: [
      "aGVsbG8==",
      "aGVs bG8=",
      "=====",
      "=",
      "====",
      "aGVsbG8===",
      "aGVsb",
      "a",
      "aGk=\n",
      "aGk\n=",
      "YQ=",
      "YR==",
      "aGl=",
      "-/8=",
      "aGVsbG8=aGk=",
      "ä",
    ],
    notInPath: true, // "/" and "+" stand for themselves there
  },
  {
    field: "time",
    json: "time",
    good: [
      ["2026-02-28T23:59:59Z", "2026-02-28T23:59:59Z"],
      ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"],
      ["2000-02-29T00:00:00.5Z", "2000-02-29T00:00:00.500Z"],
      ["2026-01-01T00:00:00.123456789+23:59", "2025-12-31T00:01:00.123456789Z"],
      ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
      ["9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"],
      ["0000-12-31T23:30:00-00:30", "0001-01-01T00:00:00Z"],
    ],
    bad: [
      ...["2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T10:00:00Z", "2026-13-01T00:00:00Z"],
      ...["2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T00:60:00Z"],
      ...[
        "2026-01-02T00:00:60Z",
        "2026-06-30T23:59:60Z",
        "2026-01-02T00:00:00+24:00",
        "2026-01-02T00:00:00+00:60",
        "2026-01-02T00:00:00+1:00",
      ],
      ...["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "10000-01-01T00:00:00Z"],
      ...["2026-01-02t00:00:00Z", "2026-01-02T00:00:00z", "2026-01-02 00:00:00Z", "2026-01-02T00:00:00", "2026-01-02", "20260102T000000Z"],
      ...["2026-01-02T00:00:00.1234567890Z", "2026-01-02T00:00:00.Z", "2026-01-02T00:00:00,5Z", "2026-01-02T00:00Z", "today", ""],
      ...["2026-01-02T00:00:00Z ", " 2026-01-02T00:00:00Z", "2026-1-02T00:00:00Z", "-2026-01-02T00:00:00Z", "2026-01-02T00:00:00 01:00"],
    ],
  },
  {
    field: "span",
    json: "span",
    good: [
      ["1.5s", "1.500s"],
      ["-0.5s", "-0.500s"],
      ["0s", "0s"],
      ["1.000000001s", "1.000000001s"],
      ["315576000000s", "315576000000s"],
      ["-315576000000s", "-315576000000s"],
    ],
    bad: [
      "",
      "1",
      "1m",
      "1.s",
      ".5s",
      "+1s",
      "1.0000000001s",
      "315576000001s",
      "-315576000001s",
      "1 s",
      "1s ",
      "1sx",
      "1e3s",
      "01s",
      "--1s",
      "NaNs",
      "1S",
    ],
  },
  {
    field: "mask",
    json: "mask",
    good: [
      ["a", "a"],
      ["longName,part.time", "longName,part.time"],
    ],
    bad: ["a,,b", ",a", "a,", ",", "long_name", "a.b_c", "a..b", ".a", "a.", "a b", "a, b", " a", "1a", "a-b", "*"],
  },
  {
    field: "flag",
    json: "flag",
    good: [
      ["true", true],
      ["false", undefined],
    ],
    bad: ["", "True", "TRUE", "1", "0", "t", "yes", " true", "null"],
  },
  {
    field: "color",
    json: "color",
    good: [
      ["RED", "RED"],
      ["COLOR_UNSPECIFIED", undefined],
    ],
    bad: ["", "red", "Red", "NOPE", "RED ", "1.5", "2147483648", "+1", "0x1"],
  },
];

/** What the JSON of a field becomes within a message. */
function within(json: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [json]: value };
}

describe.each(KINDS)("$field", ({ field, json, good, bad, notInPath }) => {
  it.each(good)("takes %j in query, path and body alike", (text, value) => {
    const want = within(json, value);
    expect(send("GET", `/v1/read?${field}=${encodeURIComponent(text)}`)).toEqual({ json: want });
    if (notInPath !== true) expect(send("GET", `/v1/path/${field}/${encodeURIComponent(text)}`)).toEqual({ json: want });
    if (field !== "flag") expect(post(JSON.stringify({ [json]: text }))).toEqual({ json: want });
  });

  it.each(bad)("refuses %j in query, path and body alike", (text) => {
    const escaped = encodeURIComponent(text);
    expect(send("GET", `/v1/read?${field}=${escaped}`)).toMatchObject({ fields: [field] });
    if (text !== "" && notInPath !== true && !/[\n]/.test(text))
      expect(send("GET", `/v1/path/${field}/${escaped}`).fields).toEqual([field]);
    if (field === "mask" && text === "") return;
    expect(post(JSON.stringify({ [json]: text }))).toMatchObject({ fields: [field] });
  });
});

describe("a value of a body", () => {
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
  ])("%s is taken", (body, message) => {
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
  ])("%s is refused, by its fields", (body, fields) => {
    expect(post(body).fields).toEqual(fields);
  });

  it.each([
    ["/v1/time", '"2026-02-30T00:00:00Z"', "time"],
    ["/v1/text", '"\\ud800"', "text"],
    ["/v1/numbers", '[1, "0x1"]', "numbers[1]"],
    ["/v1/value", "1e400", "value"],
    ["/v1/any", '{"@type": "x"}', "any"],
    ["/v1/part/a", '{"n": "01"}', "part.n"],
  ])("of %s is checked where it is one field: %s", (path, body, field) => {
    expect(send("POST", path, body).fields).toEqual([field]);
  });

  it("is refused with its field where a required field of proto2 is missing", () => {
    expect(send("POST", "/v1/two", "{}")).toEqual({ fields: ["two.name"], problem: "two.name is required" });
    expect(post('{"two": {"name": "x", "inner": {"level": "LEVEL_LOW"}}}').fields).toEqual(["two.inner.name"]);
    expect(send("GET", "/v1/read?two.level=LEVEL_LOW").fields).toEqual(["two.name"]);
  });

  it("keeps unknown names out where they are ignored, and everything else strict", () => {
    const options = { ignoreUnknownFields: true };
    expect(post('{"nope": 1e400, "color": "PINK", "colors": ["RED", "PINK"]}', options)).toEqual({ json: { colors: ["RED"] } });
    expect(post('{"nope": 1, "i32": "0x1", "part": {"nope": 1, "n": "+1"}}', options).fields).toEqual(["i32", "part.n"]);
    expect(post('{"color": "red"}', { caseInsensitiveEnums: true })).toEqual({ json: { color: "RED" } });
  });

  it("tells twenty of half a million problems", () => {
    const outcome = post(`{"texts": [${"1,".repeat(400_000)}1]}`);
    expect(outcome.fields).toHaveLength(20);
  });
});

describe("a value of a query", () => {
  it.each([
    ["time.seconds=253402300799&time.nanos=999999999", { time: "9999-12-31T23:59:59.999999999Z" }],
    ["value.numberValue=1.5", { value: 1.5 }],
    ["wSmallReal=3.4028235e38&wTime=", undefined],
    ["colors=GREEN&colors=7&numbers=1e1", { colors: ["GREEN", 7], numbers: [10] }],
    ["text=%00", { text: "\u0000" }],
  ])("%s", (query, message) => {
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
  ])("%s is refused", (query, field) => {
    expect(send("GET", `/v1/read?${query}`).fields).toEqual([field]);
  });
});

describe("response_body of a field that is not set", () => {
  it.each([
    ["part", {}],
    ["any", {}],
    ["fields", {}],
    ["nothing", {}],
    ["list", []],
    ["numbers", []],
    ["by_text", {}],
    ["time", null],
    ["span", null],
    ["mask", null],
    ["value", null],
    ["w_text", null],
  ])("%s is %j", (name, json) => {
    const { table } = compileRest([Values], { registry });
    const match = table.match("GET", `/v1/of/${name}`);
    if (match.kind !== "found") throw new Error(match.kind);
    expect(responseJson(match.route, fromBinary(All, new Uint8Array()))).toEqual(json);
  });
});
