// What is stored reads back as it was.
import fc from "fast-check";
import { expect, it } from "vitest";
import { recordFrom, recordText } from "../../../core/telemetry/record-text.ts";
import type { TelemetryRecord } from "../../../core/telemetry/telemetry-state.ts";

const text = fc.string({ maxLength: 8, unit: "binary" });
const series = fc.oneof(
  fc.record({ metric: text, labels: fc.array(text, { maxLength: 2 }), value: fc.maxSafeNat() }),
  fc.record({
    metric: text,
    labels: fc.array(text, { maxLength: 2 }),
    histogram: fc.record({
      ...{ zeros: fc.nat(), sum: fc.maxSafeNat(), offset: fc.integer() },
      counts: fc.array(fc.oneof(fc.constant(0), fc.nat()), { maxLength: 20 }),
    }),
  }),
);
const record: fc.Arbitrary<TelemetryRecord> = fc.record({
  ...{ startedAt: fc.nat(), storedAt: fc.nat(), series: fc.array(series) },
  relays: fc.array(fc.tuple(text, fc.nat())),
  reports: fc.record({ isolates: fc.array(fc.tuple(text, fc.nat(), fc.nat())), lost: fc.nat(), hasForgotten: fc.boolean() }),
  window: fc.array(fc.record({ startedAt: fc.nat(), series: fc.array(series) })),
});

it("reads back as it was", () => {
  fc.assert(
    fc.property(record, (one) => {
      expect(recordFrom(recordText(one))).toEqual(one);
    }),
  );
});

it("is not read in another format", () => {
  const one = fc.sample(record, { seed: 1, numRuns: 1 })[0]!;
  expect(recordFrom(recordText(one).replace('"format":1', '"format":2'))).toBeUndefined();
});

it("takes a few bytes for a thousand empty buckets", () => {
  const counts = [1, ...new Array<number>(1_000).fill(0), 1];
  const [one] = fc.sample(record, { seed: 1, numRuns: 1 });
  const wide = { ...one!, window: [], series: [{ metric: "m", labels: [], histogram: { zeros: 0, sum: 2, offset: 0, counts } }] };
  expect(recordText(wide).length - recordText({ ...wide, series: [] }).length).toBeLessThan(40);
});
