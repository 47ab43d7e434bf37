// Scalars, enums and well-known types: the same texts are accepted and refused in path, query and body.
import { type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NumberText, scalarForm } from "../../../../../workers/gateway/transcode/json/scalars.ts";
import { post, send } from "../../../../transcoding/send.ts";

/** Texts for one kind of field: valid ones with their JSON in the message (undefined for the default value), and invalid ones. */
interface Kind {
  readonly field: string;
  readonly json: string; // its JSON name
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
    notInPath: true, // "/" separates segments there
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

/** The JSON of a message with one field. */
function within(json: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [json]: value };
}

describe.each(KINDS)("$field", ({ field, json, good, bad, notInPath }) => {
  it.each(good)("accepts %j in query, path and body", (text, value) => {
    const want = within(json, value);
    expect(send("GET", `/v1/read?${field}=${encodeURIComponent(text)}`)).toEqual({ json: want });
    if (notInPath !== true) expect(send("GET", `/v1/path/${field}/${encodeURIComponent(text)}`)).toEqual({ json: want });
    if (field !== "flag") expect(post(JSON.stringify({ [json]: text }))).toEqual({ json: want });
  });

  it.each(bad)("refuses %j in query, path and body", (text) => {
    const escaped = encodeURIComponent(text);
    expect(send("GET", `/v1/read?${field}=${escaped}`)).toMatchObject({ fields: [field] });
    if (text !== "" && notInPath !== true && !/[\n]/.test(text))
      expect(send("GET", `/v1/path/${field}/${escaped}`).fields).toEqual([field]);
    if (field === "mask" && text === "") return;
    expect(post(JSON.stringify({ [json]: text }))).toMatchObject({ fields: [field] });
  });
});

it.each([ScalarType.INT64, ScalarType.UINT64, ScalarType.FIXED64])(
  "refuses numbers that a double would round where the text goes on to an upstream, and no text in quotes: type %i",
  (type) => {
    const { fromJson } = scalarForm(type);
    const read = (text: string, isForwarded?: boolean) => [
      fromJson(new NumberText(text), isForwarded === undefined ? {} : { isForwarded }),
      fromJson(text, isForwarded === undefined ? {} : { isForwarded }),
    ];
    expect(read("9007199254740993")).toEqual(["9007199254740993", "9007199254740993"]);
    expect(read("9007199254740993", true)).toEqual([undefined, "9007199254740993"]);
    expect(read("9007199254740992", true)).toEqual(["9007199254740992", "9007199254740992"]);
    expect(read("1e18", true)).toEqual(["1000000000000000000", "1000000000000000000"]);
  },
);
