// Where the reports of an isolate go beside the relay, by the settings.
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { GatewayInput } from "../../../../core/config/gateway.ts";
import type { ExchangeDraft } from "../../../../workers/gateway/background/exchange.ts";
import { IsolateParts } from "../../../../workers/gateway/background/isolate-parts.ts";
import { configure, InvalidConfiguration } from "../../../../workers/gateway/configure/configuration.ts";
import { catalog } from "../../../support/shipped/catalog.ts";

const SERVICES = { "users.v1.UserService": { upstream: { binding: "USERS" } } };
const OTLP = { otlpUrl: "https://collector.example/v1/metrics", otlpSecretBinding: "OTLP_KEY", otlpIntervalMs: 30_000 };
const PUSH = { url: OTLP.otlpUrl, header: "authorization", secretBinding: "OTLP_KEY", intervalMs: 30_000 };

afterEach(() => void vi.restoreAllMocks());

/** An isolate with one version of the configuration, or several. */
function isolate(bindings: object = env) {
  const isolateParts = new IsolateParts();
  const compile = (metrics: GatewayInput["metrics"]) => {
    const parts = isolateParts.version();
    const input = { metrics: metrics!, services: SERVICES };
    return { ...configure(input, catalog, bindings as Readonly<Record<string, unknown>>, undefined, parts), parts };
  };
  return compile;
}

function exchanged({ reporter }: ReturnType<ReturnType<typeof isolate>>) {
  const draft = {} as ExchangeDraft;
  reporter!.write(draft, Date.now());
  return draft.metrics!;
}

it("writes each report once to the dataset, and sends it to the relay", () => {
  const written: object[] = [];
  const version = isolate({ ...env, CALLS: { writeDataPoint: (point: object) => void written.push(point) } })({ analyticsEngine: "CALLS" });
  version.metrics!.isolate.counter("tidegate_calls", "a", "connect", "POST", "ok", "").add(3);
  const sequences = () => exchanged(version).reports.map(({ report }) => report.sequence);
  expect(sequences()).toEqual([1]);
  expect(sequences().slice(0, 1)).toEqual([1]); // not acknowledged: it is sent again
  expect(written).toEqual([{ indexes: ["a"], blobs: ["tidegate_calls", "a", "ok", ""], doubles: [3, 0, 0, 0, 0] }]);
});

it("writes to a real dataset", () => {
  const write = vi.spyOn((env as unknown as { readonly ANALYTICS: AnalyticsEngineDataset }).ANALYTICS, "writeDataPoint");
  const version = isolate()({ analyticsEngine: "ANALYTICS" });
  version.metrics!.isolate.histogram("tidegate_call_duration", "a", "ok").record(20);
  exchanged(version);
  expect(write.mock.results).toEqual([{ type: "return", value: undefined }]);
});

it("sends a report to the relay also where the dataset fails", () => {
  const logged: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((record) => void logged.push(String(record)));
  const writeDataPoint = () => {
    throw new Error("too many points");
  };
  const version = isolate({ ...env, CALLS: { writeDataPoint } })({ analyticsEngine: "CALLS" });
  version.metrics!.isolate.counter("tidegate_calls", "a", "connect", "POST", "ok", "").add(3);
  expect(exchanged(version).reports).toHaveLength(1);
  expect(logged).toEqual([expect.stringContaining("metrics_write_failed")]);
});

it("needs the binding of the dataset", () => {
  expect(() => isolate()({ analyticsEngine: "OTLP_NO_SUCH" })).toThrow(InvalidConfiguration);
  expect(() => isolate()({ analyticsEngine: "USERS_ADDRESS" })).toThrow("analytics_engine_datasets");
});

it("sends the settings of the collector with each exchange, the name of the secret alone", () => {
  expect(exchanged(isolate({ ...env, OTLP_KEY: "Bearer token" })(OTLP))).toEqual({ reports: [], push: PUSH });
  expect(exchanged(isolate()({}))).toEqual({ reports: [] });
});

it("follows the latest version, and the one before where that has ended", () => {
  const compile = isolate();
  const before = compile(OTLP);
  const after = compile({ ...OTLP, otlpIntervalMs: 20_000 });
  expect(exchanged(before).push).toEqual({ ...PUSH, intervalMs: 20_000 });
  after.parts.release();
  expect(exchanged(before).push).toEqual(PUSH);
});
