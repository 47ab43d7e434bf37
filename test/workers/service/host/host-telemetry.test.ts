import { expect, it } from "vitest";
import { HostAdmission } from "../../../../workers/service/host/host-admission.ts";
import { telemetryOf } from "../../../../workers/service/host/host-telemetry.ts";
import { ServedCall } from "../../../../workers/service/host/served-call.ts";
import { settingsOf } from "../../../../workers/service/settings.ts";

const admission = new HostAdmission(settingsOf({}));
const RELAY = { getByName: () => ({ exchange: () => new Promise(() => undefined) }) };

it.each([
  ["no environment", true, undefined],
  ["an environment without relays", true, {}],
  ["another binding of that name", true, { RELAY: "text" }],
  ["metrics off", false, { RELAY }],
])("counts nothing with %s", (_name, isOn, env) => {
  expect(telemetryOf(isOn, "a.A", admission, env)).toBeUndefined();
});

it("counts calls, and reports them in the background", () => {
  const telemetry = telemetryOf(true, "a.A", admission, { RELAY })!;
  const waited: unknown[] = [];
  const platform = { waitUntil: (work: Promise<unknown>) => void waited.push(work) };
  const request = { headers: new Headers() };
  telemetry.ended("a.A/Get", new ServedCall(undefined), request, platform, 0, 1);
  telemetry.refused("a.A/Get", "unavailable", "full", request, platform, 1);
  expect([telemetry.metrics.isolate.hasUnsent, waited.length]).toEqual([true, 1]);
});
