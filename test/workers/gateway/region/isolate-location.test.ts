import { expect, it } from "vitest";
import type { UpstreamPolicy } from "../../../../core/config/upstream.ts";
import { locationOf, needsLocation } from "../../../../workers/gateway/region/isolate-location.ts";

const from = (colo?: string): Request =>
  new Request("https://gateway.example/", (colo === undefined ? {} : { cf: { colo } }) as RequestInit);
const policy = (part: Partial<Pick<UpstreamPolicy, "zones" | "subset">>): UpstreamPolicy =>
  ({ zones: undefined, subset: Number.POSITIVE_INFINITY, ...part }) as UpstreamPolicy; // the rest is not read here
const zones = new Map([["AMS", "eu"]]);

it.each([
  [{}, false],
  [{ zones }, true],
  [{ subset: 2 }, true],
])("needs the location for %j: %s", (part, needs) => expect(needsLocation(policy(part))).toBe(needs));

it.each([
  ["the zone of a data center that is listed", { zones }, from("AMS"), "eu"],
  ["a data center that is not listed as a zone of its own", { zones }, from("SIN"), "SIN"],
  ["no zone where none are configured", { subset: 2 }, from("AMS"), undefined],
  ["no zone of a request from inside the platform where none are configured", { subset: 2 }, from(), undefined],
])("takes %s", (_, part, request, zone) => {
  expect(locationOf(request, policy(part), 0.5)).toMatchObject({ zone, seed: 2 ** 31 });
});

it("waits for a later request where zones are configured and the request does not show the data center", () => {
  expect(locationOf(from(), policy({ zones }), 0.5)).toBeUndefined();
});
