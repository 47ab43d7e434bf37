// The effective settings at the top of a configuration.
import { expect, it } from "vitest";
import { gatewaySettings } from "../../../core/explain/gateway-settings.ts";
import type { Trust } from "../../../core/overload/criticality.ts";
import { byName, parsed } from "./parsed.ts";

it("gives limits of the isolate, of headers and of REST, each with its source", () => {
  const { policy, sources } = parsed(
    {},
    { overload: { maxInFlight: 50, callerShare: 20 }, headers: { maxCount: 20 }, rest: { assumeJson: true }, maxUrlBytes: 1_000 },
  );
  expect(byName(gatewaySettings(policy, sources))).toMatchObject({
    maxUrlBytes: [1_000, "maxUrlBytes"],
    "overload.maxInFlight": [50, "overload.maxInFlight"],
    "overload.callerShare": [20, "overload.callerShare"],
    "overload.maxStreams": [1_000, "default"],
    "overload.trusted": [null, "default"],
    "headers.maxCount": [20, "headers.maxCount"],
    "headers.maxBytes": [32_768, "default"],
    "rest.assumeJson": [true, "rest.assumeJson"],
    "rest.events.keepAliveMs": [15_000, "default"],
  });
});

it("shows whose criticality is trusted: a list of principals, all of them, or nobody's", () => {
  const { policy, sources } = parsed();
  const shown = (trust: Trust) =>
    byName(gatewaySettings({ ...policy, overload: { ...policy.overload, trust } }, sources))["overload.trusted"]![0];
  expect(shown({ kind: "listed", names: new Set(["a", "b"]) })).toEqual(["a", "b"]);
  expect(shown({ kind: "principals" })).toBe("principals");
  expect(shown({ kind: "none" })).toBeNull();
});
