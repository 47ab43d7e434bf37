// Metrics as delimited `io.prometheus.client.MetricFamily` messages, the only format that carries native histograms.
import { SCALE } from "../buckets.ts";
import type { MetricDefinition } from "../definitions.ts";
import { boundsOf, cumulativeCounts } from "./classic-buckets.ts";
import { familyOf } from "./family.ts";
import { leftOutMetric } from "./own-metrics.ts";
import type { Exposition, HistogramSnapshot, MetricSnapshot, MetricsSnapshot, SeriesSnapshot } from "./snapshot.ts";
import { NO_VALUES } from "./snapshot-of.ts";
import { spansOf } from "./spans.ts";
import { WireWriter } from "./wire-writer.ts";

/** Numbers of fields. @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto */
const FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 } as const;
const TYPES = { counter: 0, gauge: 1, histogram: 4 } as const;
const METRIC = { label: 1, gauge: 2, counter: 3, histogram: 7 } as const;
const LABEL = { name: 1, value: 2 } as const;
const GAUGE = { value: 1 } as const;
const COUNTER = { value: 1, created: 3 } as const;
const HISTOGRAM = {
  ...{ count: 1, sum: 2, bucket: 3, schema: 5, zeroThreshold: 6, zeroCount: 7 },
  ...{ positiveSpan: 12, positiveDelta: 13, created: 15 },
} as const;
const BUCKET = { count: 1, bound: 2 } as const;
const SPAN = { offset: 1, length: 2 } as const;
const TIMESTAMP = { seconds: 1, nanos: 2 } as const;

/** Width of the bucket of zeros, as in Prometheus' own libraries: above 0, so that an empty histogram is a native one. */
const ZERO_THRESHOLD = 2 ** -128;
const MS = 1_000; // in a second
const NANOS = 1_000_000; // in a millisecond

/** @param maxBytes series that do not fit are left out whole, and counted */
export function writeProtobuf({ metrics, startedAt }: MetricsSnapshot, maxBytes: number): Exposition<Uint8Array<ArrayBuffer>> {
  const all = new WireWriter();
  const created = new WireWriter();
  created.uint(TIMESTAMP.seconds, Math.floor(startedAt / MS));
  created.uint(TIMESTAMP.nanos, (startedAt % MS) * NANOS);
  const family = new WireWriter();
  const metric = new WireWriter();
  /** @returns series that were left out */
  const write = ({ definition, series }: MetricSnapshot, most: number): number => {
    if (series.length === 0) return 0;
    family.clear();
    writeHead(family, definition);
    let written = 0;
    for (const one of series) {
      metric.clear();
      writeMetric(metric, definition, one, created.read());
      if (all.length + family.length + metric.length + OVERHEAD > most) continue;
      family.bytes(FAMILY.metric, metric.read());
      written += 1;
    }
    if (written === 0) return series.length;
    all.varint(family.length);
    all.append(family.read());
    return series.length - written;
  };
  let leftOut = 0;
  for (const one of metrics) leftOut += write(one, maxBytes);
  write(leftOutMetric(leftOut), Number.POSITIVE_INFINITY);
  return { body: all.read(), leftOut };
}

const OVERHEAD = 16; // bytes: lengths and a tag

function writeHead(family: WireWriter, definition: MetricDefinition): void {
  const { name, unit } = familyOf(definition);
  family.string(FAMILY.name, definition.kind === "counter" ? `${name}_total` : name);
  family.string(FAMILY.help, definition.help);
  family.uint(FAMILY.type, TYPES[definition.kind]);
  if (unit !== "") family.string(FAMILY.unit, unit);
}

function writeMetric(
  metric: WireWriter,
  { kind, labels: names, unit }: MetricDefinition,
  { labels, value, histogram = NO_VALUES }: SeriesSnapshot,
  created: Uint8Array,
): void {
  for (const [position, name] of names.entries()) {
    const text = labels[position] ?? "";
    if (text === "") continue;
    metric.message(METRIC.label, (pair) => {
      pair.string(LABEL.name, name);
      pair.string(LABEL.value, text);
    });
  }
  if (kind === "gauge") metric.message(METRIC.gauge, (gauge) => gauge.double(GAUGE.value, value));
  else if (kind === "counter")
    metric.message(METRIC.counter, (counter) => {
      counter.double(COUNTER.value, value);
      counter.bytes(COUNTER.created, created);
    });
  else metric.message(METRIC.histogram, (own) => writeHistogram(own, histogram, boundsOf(unit), created));
}

/** Fixed buckets come with the exponential ones: a server without native histograms reads those. */
function writeHistogram(writer: WireWriter, histogram: HistogramSnapshot, bounds: readonly number[], created: Uint8Array): void {
  const { count, sum, zeros } = histogram;
  writer.uint(HISTOGRAM.count, count);
  writer.double(HISTOGRAM.sum, sum);
  const cumulative = cumulativeCounts(histogram, bounds);
  for (const [position, bound] of bounds.entries())
    writer.message(HISTOGRAM.bucket, (bucket) => {
      bucket.uint(BUCKET.count, cumulative[position]!);
      bucket.double(BUCKET.bound, bound);
    });
  writer.sint(HISTOGRAM.schema, SCALE);
  writer.double(HISTOGRAM.zeroThreshold, ZERO_THRESHOLD);
  writer.uint(HISTOGRAM.zeroCount, zeros);
  const { spans, deltas } = spansOf(histogram);
  for (const { offset, length } of spans)
    writer.message(HISTOGRAM.positiveSpan, (span) => {
      span.sint(SPAN.offset, offset);
      span.uint(SPAN.length, length);
    });
  writer.sints(HISTOGRAM.positiveDelta, deltas);
  writer.bytes(HISTOGRAM.created, created);
}
