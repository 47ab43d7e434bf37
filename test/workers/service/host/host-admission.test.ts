import { afterEach, expect, it, vi } from "vitest";
import { HostAdmission } from "../../../../workers/service/host/host-admission.ts";
import { type ServiceOptions, settingsOf } from "../../../../workers/service/settings.ts";

afterEach(() => void vi.restoreAllMocks());

const arrival = { headers: new Headers({ "x-request-id": "r-1" }), route: "a.A/B", isStream: false, leftMs: Number.POSITIVE_INFINITY };
const full = (options: ServiceOptions) => {
  const admission = new HostAdmission(settingsOf({ maxInFlight: 1, maxStreams: 1, ...options }));
  admission.streams.begin(Date.now(), 60_000);
  return admission;
};

it("names the limit that a call has reached, and logs it", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const admission = full({});
  expect(admission.refusal(arrival, Date.now())).toBeUndefined();
  expect(admission.refusal({ ...arrival, isStream: true }, Date.now())).toEqual({ reason: "full", text: "too many open streams" });
  expect(JSON.parse(String(warn.mock.calls[0]?.[0]))).toMatchObject({
    event: "calls_shed",
    route: "a.A/B",
    point: "host",
    requestId: "r-1",
    enforced: true,
  });
  admission.load.start(Date.now());
  expect(admission.refusal(arrival, Date.now())).toEqual({ reason: "full", text: "too many calls in flight" });
});

it("refuses nothing where overload protection is off, or only reports", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  expect(full({ overload: "off" }).refusal({ ...arrival, isStream: true }, Date.now())).toBeUndefined();
  expect(warn).not.toHaveBeenCalled();
  expect(full({ overload: "report" }).refusal({ ...arrival, isStream: true }, Date.now())).toBeUndefined();
  expect(warn).toHaveBeenCalledOnce();
});
