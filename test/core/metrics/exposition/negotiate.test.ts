// The format that each scraper gets.
import { expect, it } from "vitest";
import { type ExpositionFormat, formatFor } from "../../../../core/metrics/exposition/negotiate.ts";

const PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

it.each<[string, string | null, ExpositionFormat]>([
  [
    "Prometheus 2.42",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  [
    "Prometheus 2.42 with native histograms",
    `${PROTOBUF},application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    "protobuf",
  ],
  [
    "Prometheus 3",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    "openmetrics",
  ],
  [
    "Prometheus 3 with native histograms",
    `${PROTOBUF};escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    "protobuf",
  ],
  ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "prometheus"],
  ["curl", "*/*", "prometheus"],
  ["a client that says nothing", null, "prometheus"],
  ["a client that wants text", "text/plain", "prometheus"],
  ["a client that wants any text most", "text/*, application/openmetrics-text;q=0.5", "prometheus"],
  ["spaces around all parts", "text/html , application/openmetrics-text ; version = 1.0.0 ; q = 0.5 , text/plain;q=0.4", "openmetrics"],
  ["the older OpenMetrics alone", "application/openmetrics-text;version=0.0.1", "prometheus"],
  ["protobuf in another encoding", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", "prometheus"],
  ["other messages", "application/vnd.google.protobuf;proto=other.Message", "prometheus"],
  ["a refused format", `${PROTOBUF};q=0,application/openmetrics-text;q=0.1`, "openmetrics"],
  ["a weight that is none", `${PROTOBUF};q=2,text/plain;q=0.1`, "prometheus"],
  ["a long header", `${"a/b,".repeat(1_000)}${PROTOBUF}`, "prometheus"],
  ["parts that are empty", ",;,;;q=,", "prometheus"],
])("%s", (_, accept, want) => expect(formatFor(accept)).toBe(want));
