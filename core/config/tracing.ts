// Settings of tracing: where spans of calls go, and which calls have one.
import { collectorSecret, collectorUrl } from "./collector-url.ts";
import type { Checks } from "./problems.ts";
import { readOptional } from "./read.ts";
import { block, flag, headerName, type InputOf, number, type PolicyOf, setting, whole } from "./setting.ts";

export const TRACING_SETTINGS = block({
  platform: setting(
    flag,
    false,
    "Gives each call a span in the platform's own traces, which Cloudflare samples and exports as wrangler.toml says (`[observability.traces]`).",
  ),
  otlpUrl: setting(
    collectorUrl("https://collector.example/v1/traces"),
    undefined,
    "Where the isolates send spans in the background, as OTLP over HTTP in JSON.",
    {
      shownDefault: "none: no span is sent",
    },
  ),
  otlpSecretBinding: setting(
    collectorSecret(),
    undefined,
    "Secret with the whole value of the header by which the collector knows the gateway: `Bearer TOKEN`. Its name begins with `OTLP_`: no other secret is sent.",
    { shownDefault: "none: no such header is sent" },
  ),
  otlpHeader: setting(headerName, "authorization", "The name of that header."),
  ratio: setting(
    number(0, 1, "share of the calls"),
    0.01,
    "Share of the calls that are sampled when they begin, where the caller has not decided: its `traceparent` says so, and all attempts are part of the trace. Calls whose caller has sampled them always have a span.",
  ),
  slowMs: setting(whole(1, 3_600_000, "ms"), 1_000, "A call that takes at least this long has a span, sampled or not."),
  maxKeptPerMinute: setting(
    whole(0, 100_000, "calls"),
    300,
    "Calls of one isolate that have a span only because they have failed or were slow; further ones in the same minute have none.",
  ),
});

export type TracingInput = InputOf<typeof TRACING_SETTINGS>;
export interface TracingPolicy extends PolicyOf<typeof TRACING_SETTINGS> {}

/** @returns undefined where nothing is written: then no call has a span, and `traceparent` passes from hop to hop */
export function parseTracing(check: Checks, path: string, value: unknown): TracingPolicy | undefined {
  const policy = readOptional(check, path, TRACING_SETTINGS, value);
  const isAddressWritten = (value as TracingInput | undefined)?.otlpUrl !== undefined; // a wrong one has been reported
  if (policy !== undefined && !policy.platform && !isAddressWritten)
    check.report(
      path,
      "neither `platform` nor `otlpUrl`",
      'say where spans go: tracing: { otlpUrl: "https://collector.example/v1/traces" }',
    );
  return policy;
}
