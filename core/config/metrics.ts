// Settings of the metrics: whether calls are counted and measured, and who may scrape them.
import { block, flag, type InputOf, type PolicyOf, secretName, setting } from "./setting.ts";

export const METRICS_SETTINGS = block({
  enabled: setting(
    flag,
    true,
    "Whether calls are counted and measured. Needs the Durable Objects `Relay` and `Telemetry`, bound as `RELAY` and `TELEMETRY`.",
    { shownDefault: "`true` where both are bound" },
  ),
  tokenBinding: setting(
    secretName("METRICS_TOKEN"),
    undefined,
    "Secret, at least 32 characters, that scrapers may send to `/metrics` as bearer token; it opens nothing else. Without it they need a credential with the role viewer of `admin`.",
    { shownDefault: "none" },
  ),
});

export type MetricsInput = InputOf<typeof METRICS_SETTINGS>;
export interface MetricsPolicy extends PolicyOf<typeof METRICS_SETTINGS> {}
