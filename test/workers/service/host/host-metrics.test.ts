import { expect, it } from "vitest";
import { HostAdmission } from "../../../../workers/service/host/host-admission.ts";
import { HostMetrics } from "../../../../workers/service/host/host-metrics.ts";
import { ServedCall } from "../../../../workers/service/host/served-call.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";

const NOW = Date.now();
const call = (code: string, requestBytes = 0, responseBytes = 0) =>
  Object.assign(new ServedCall(undefined), { code, requestBytes, responseBytes });

it("counts calls by service, method, code and reason, with their time and bytes, and reports what is in flight", () => {
  const admission = new HostAdmission(settingsOf({}));
  const metrics = new HostMetrics("a.A", admission);
  metrics.ended("a.A/Get", call("ok", 3, 5), NOW, NOW + 20);
  metrics.ended("a.A/Get", call("ok", 4, 0), NOW, NOW + 30);
  metrics.ended("a.A/Get", call("not_found"), NOW, NOW);
  metrics.refused("a.A/Watch", "unavailable", "full");
  metrics.refused("", "unauthenticated", "identity");
  admission.load.start(Date.now());
  admission.streams.begin(Date.now(), 60_000);
  const [report] = metrics.isolate.reports();
  const counters = report!.series.filter(({ value }) => value !== undefined).map(({ metric, labels, value }) => [metric, labels, value]);
  expect(counters).toEqual([
    ["tidegate_service_calls", ["a.A", "Get", "ok", ""], 2],
    ["tidegate_service_call_bytes", ["a.A", "request"], 7],
    ["tidegate_service_call_bytes", ["a.A", "response"], 5],
    ["tidegate_service_calls", ["a.A", "Get", "not_found", ""], 1],
    ["tidegate_service_calls", ["a.A", "Watch", "unavailable", "full"], 1],
    ["tidegate_service_calls", ["", "", "unauthenticated", "identity"], 1],
  ]);
  expect(report!.series.find(({ metric }) => metric === "tidegate_service_call_duration")?.histogram).toMatchObject({ zeros: 1, sum: 50 });
  expect(report!.gauges).toEqual([
    { metric: "tidegate_service_calls_in_flight", labels: ["a.A"], value: 1 },
    { metric: "tidegate_service_streams_open", labels: ["a.A"], value: 1 },
  ]);
});
