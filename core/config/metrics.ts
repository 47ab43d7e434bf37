// Settings of the metrics: whether calls are counted and measured.
import { block, flag, type InputOf, type PolicyOf, setting } from "./setting.ts";

export const METRICS_SETTINGS = block({
  enabled: setting(
    flag,
    true,
    "Whether calls are counted and measured. Needs the Durable Objects `Relay` and `Telemetry`, bound as `RELAY` and `TELEMETRY`.",
    { shownDefault: "`true` where both are bound" },
  ),
});

export type MetricsInput = InputOf<typeof METRICS_SETTINGS>;
export interface MetricsPolicy extends PolicyOf<typeof METRICS_SETTINGS> {}
