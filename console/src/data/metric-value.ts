// The value of a counter or gauge.
import type { GetMetricsResponse } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

/**
 * Adds up the series of a counter or gauge.
 *
 * @param labels values that a series has to have; series that differ in other labels are added up
 * @returns undefined where there are no metrics yet; 0 where nothing has been measured
 */
export function metricValue(
  response: GetMetricsResponse | undefined,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  if (response === undefined) return undefined;
  const metric = response.metrics.find((one) => one.name === name);
  if (metric === undefined) return 0;
  const wanted = Object.entries(labels).map(([label, value]) => [metric.labels.indexOf(label), value] as const);
  const series = metric.series.filter(({ labelValues }) => wanted.every(([at, value]) => labelValues[at] === value));
  return series.reduce((sum, { value }) => sum + value, 0);
}
