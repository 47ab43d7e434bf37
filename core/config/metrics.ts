// Settings of the metrics: whether calls are counted and measured, who may scrape them, and where else they go.
import { collectorSecret, collectorUrl } from "./collector-url.ts";
import { block, flag, headerName, type InputOf, type PolicyOf, secretName, setting, text, whole } from "./setting.ts";

export const METRICS_SETTINGS = block({
  enabled: setting(
    flag,
    true,
    "Whether calls are counted and measured. Needs the Durable Objects `Relay` and `Telemetry`, bound as `RELAY` and `TELEMETRY`: without them nothing is counted.",
  ),
  tokenBinding: setting(
    secretName("METRICS_TOKEN"),
    undefined,
    "Secret, at least 32 characters, that scrapers may send to `/metrics` as bearer token; it opens nothing else. Without it they need a credential with the role viewer of `admin`.",
    { shownDefault: "none" },
  ),
  otlpUrl: setting(
    collectorUrl("https://collector.example/v1/metrics"),
    undefined,
    "Where the Durable Object `Telemetry` sends all metrics in the background, as OTLP over HTTP in JSON.",
    { shownDefault: "none: they are not sent" },
  ),
  otlpSecretBinding: setting(
    collectorSecret(),
    undefined,
    "Secret with the whole value of the header by which the collector knows the gateway: `Bearer TOKEN`. Its name begins with `OTLP_`: no other secret is sent. It is one of the Worker with the Durable Objects.",
    { shownDefault: "none: no such header is sent" },
  ),
  otlpHeader: setting(headerName, "authorization", "The name of that header."),
  otlpIntervalMs: setting(whole(10_000, 3_600_000, "ms"), 60_000, "Time between two sendings, while there are calls."),
  analyticsEngine: setting(
    text(
      /^[A-Za-z_]\w*$/,
      'write the name of a binding of [[analytics_engine_datasets]] in wrangler.toml: "ANALYTICS"',
      "name of a dataset binding",
    ),
    undefined,
    "Binding of a dataset of Workers Analytics Engine, to which isolates write calls and their durations by route, code and reason.",
    { shownDefault: "none: nothing is written" },
  ),
});

export type MetricsInput = InputOf<typeof METRICS_SETTINGS>;
export interface MetricsPolicy extends PolicyOf<typeof METRICS_SETTINGS> {}
