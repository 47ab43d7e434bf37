// All metrics as a message: in the units of their definitions. A metric of another version, which has no definition here, is left out.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { countOf, type HistogramDelta, SCALE } from "../../../../core/metrics/buckets.ts";
import { METRICS, type MetricDefinition } from "../../../../core/metrics/definitions.ts";
import type { MetricsReading } from "../../../../core/telemetry/telemetry-state.ts";
import { type GetMetricsResponseSchema, MetricKind } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

type Response = MessageInitShape<typeof GetMetricsResponseSchema>;

const KINDS: Readonly<Record<MetricDefinition["kind"], MetricKind>> = {
  counter: MetricKind.COUNTER,
  gauge: MetricKind.GAUGE,
  histogram: MetricKind.HISTOGRAM,
};

export function metricsMessage({ time, startedAt, series, gauges, isolates, lostReports }: MetricsReading): Response {
  const byMetric = Map.groupBy([...series, ...gauges], ({ metric }) => metric);
  const metrics = METRICS.map((definition: MetricDefinition) => {
    const { name, kind, unit, help, labels, perUnit = 1 } = definition;
    const shown = (byMetric.get(name) ?? []).map((one) => {
      const labelValues = labels.map((_, position) => one.labels[position] ?? ""); // other versions may have fewer or more
      const histogram = "histogram" in one ? one.histogram : undefined;
      return histogram === undefined
        ? { labelValues, value: one.value ?? 0 }
        : { labelValues, histogram: histogramMessage(histogram, perUnit) };
    });
    return { name, kind: KINDS[kind], unit, help, labels: [...labels], series: shown };
  });
  return { time: timestampFromMs(time), startTime: timestampFromMs(startedAt), metrics, isolates, lostReports: BigInt(lostReports) };
}

function histogramMessage(histogram: HistogramDelta, perUnit: number) {
  const { zeros, sum, offset, counts } = histogram;
  const count = BigInt(countOf(histogram));
  return { scale: SCALE, offset, counts: counts.map(BigInt), zeroCount: BigInt(zeros), count, sum: sum / perUnit };
}
