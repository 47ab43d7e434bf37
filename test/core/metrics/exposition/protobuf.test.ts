// Metrics as messages, read with another reader of the wire format. Prometheus itself reads them in test/e2e/prometheus.
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { writeProtobuf } from "../../../../core/metrics/exposition/protobuf.ts";
import type { MetricSnapshot } from "../../../../core/metrics/exposition/snapshot.ts";
import { histogramOf, SAMPLES } from "./samples.ts";

const STARTED_AT = 1_700_000_000_250;

interface Fields {
  readonly [field: number]: readonly unknown[];
}

/** What is read of each field, by its path of field numbers: `7.5` is the schema of the histogram of a metric. */
const MESSAGES = new Set(["4", "4.1", "4.2", "4.3", "4.3.3", "4.7", "4.7.3", "4.7.12", "4.7.15"]);
const SIGNED = new Set(["4.7.5", "4.7.12.1"]);

function fieldsOf(bytes: Uint8Array, path = ""): Fields {
  const reader = new BinaryReader(bytes);
  const fields: Record<number, unknown[]> = {};
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const at = path === "" ? String(field) : `${path}.${field}`;
    fields[field] ??= [];
    fields[field].push(readValue(reader, type, at));
  }
  return fields;
}

function readValue(reader: BinaryReader, type: WireType, at: string): unknown {
  if (type === WireType.Bit64) return reader.double();
  if (type === WireType.Varint) return SIGNED.has(at) ? reader.sint32() : Number(reader.uint64());
  if (MESSAGES.has(at)) return fieldsOf(reader.bytes(), at);
  if (at !== "4.7.13") return reader.string();
  const packed = new BinaryReader(reader.bytes());
  const values: number[] = [];
  while (packed.pos < packed.len) values.push(Number(packed.sint64()));
  return values;
}

function familiesOf(metrics: readonly MetricSnapshot[], maxBytes = 1_000_000): { families: Fields[]; leftOut: number; length: number } {
  const { body, leftOut } = writeProtobuf({ metrics, startedAt: STARTED_AT }, maxBytes);
  const reader = new BinaryReader(body);
  const families: Fields[] = [];
  while (reader.pos < reader.len) families.push(fieldsOf(reader.bytes()));
  const last = families.pop()!;
  expect(last).toMatchObject({ 1: ["tidegate_series_left_out"], 4: [{ 2: [{ 1: [leftOut] }] }] });
  return { families, leftOut, length: body.length };
}

const LEFT_OUT_BYTES = 200; // the family that counts them
const CREATED = { 1: [1_700_000_000], 2: [250_000_000] };

describe("a family", () => {
  it("of a counter has its name, type, unit, labels with values, and its beginning", () => {
    const { families } = familiesOf([SAMPLES.calls, SAMPLES.bytes]);
    expect(families[0]).toEqual({
      1: ["tidegate_calls_total"],
      2: ["Calls that have ended."],
      3: [0],
      4: [
        {
          1: [
            { 1: ["route"], 2: ["users.v1.UserService/GetUser"] },
            { 1: ["code"], 2: ["ok"] },
          ],
          3: [{ 1: [12], 3: [CREATED] }],
        },
        {
          1: [
            { 1: ["route"], 2: ["users.v1.UserService/GetUser"] },
            { 1: ["code"], 2: ["unavailable"] },
            { 1: ["reason"], 2: ["no_endpoint"] },
          ],
          3: [{ 1: [3], 3: [CREATED] }],
        },
      ],
    });
    expect(families[1]).toMatchObject({ 1: ["tidegate_call_bytes_total"], 5: ["bytes"], 4: [{ 3: [{ 1: [1e21] }] }] });
  });

  it("of a gauge has its value", () => {
    expect(familiesOf([SAMPLES.waiting]).families).toMatchObject([{ 1: ["tidegate_calls_waiting"], 3: [1], 4: [{ 2: [{ 1: [0.5] }] }] }]);
  });

  it("of a histogram has exponential buckets of scale 6, and the fixed ones", () => {
    const values = [0, 0.005, 0.005, 0.005, 0.25];
    const [family] = familiesOf([{ ...SAMPLES.duration, series: [{ labels: ["a"], value: 0, histogram: histogramOf(values) }] }]).families;
    expect(family).toMatchObject({ 1: ["tidegate_call_duration_seconds"], 3: [4], 5: ["seconds"] });
    const [metric] = family![4] as [Fields];
    const [histogram] = metric[7] as [Fields];
    expect(histogram).toMatchObject({ 1: [5], 2: [0.265], 5: [6], 6: [2 ** -128], 7: [1], 15: [CREATED] });
    // 0.25 is 2^-2: the upper bound of bucket -128, as Prometheus counts.
    expect(histogram[12]).toEqual([
      { 1: [Math.ceil(Math.log2(0.005) * 64)], 2: [1] },
      { 1: [-128 - Math.ceil(Math.log2(0.005) * 64) - 1], 2: [1] },
    ]);
    expect(histogram[13]).toEqual([[3, -2]]);
    const buckets = histogram[3] as Fields[];
    expect(buckets).toHaveLength(34);
    expect(buckets.find((bucket) => bucket[2]?.[0] === 0.005)).toEqual({ 1: [4], 2: [0.005] });
    expect(buckets.at(-1)).toEqual({ 1: [5], 2: [100] });
  });

  it("of a histogram whose series has none, as another version may report it, has an empty one", () => {
    const { families } = familiesOf([{ ...SAMPLES.duration, series: [{ labels: ["a"], value: 3 }] }]);
    expect(families).toMatchObject([{ 4: [{ 1: [{ 1: ["route"], 2: ["a"] }], 7: [{ 1: [0], 2: [0], 5: [6], 7: [0] }] }] }]);
  });

  it("without values is left out", () => {
    expect(familiesOf([{ ...SAMPLES.calls, series: [] }]).families).toEqual([]);
  });
});

it("is bounded: series are left out whole, and counted", () => {
  const many: MetricSnapshot = {
    definition: SAMPLES.calls.definition,
    series: Array.from({ length: 1_000 }, (_, number) => ({ labels: [`route${number}`, "ok", ""], value: number })),
  };
  for (const maxBytes of [0, 10, 100, 1_000, 20_000, 200_000]) {
    const { families, leftOut, length } = familiesOf([many, SAMPLES.duration], maxBytes);
    expect(length).toBeLessThanOrEqual(maxBytes + LEFT_OUT_BYTES);
    expect(families.reduce((sum, family) => sum + family[4]!.length, leftOut)).toBe(1_001);
  }
});
