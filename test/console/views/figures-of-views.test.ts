// What the views compute: error budgets, services of routes, endpoints that are kept away, arcs of a ring, and snapshots.
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differences, snapshotOf } from "../../../console/src/views/configuration/snapshots.ts";
import { burnOf } from "../../../console/src/views/overview/budget.ts";
import { byService } from "../../../console/src/views/overview/grouped.ts";
import { arcsOf } from "../../../console/src/views/services/ring-arcs.ts";
import { isKeptAway } from "../../../console/src/views/services/rows.ts";
import { SnapshotSchema } from "../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { RouteTrafficSchema, UpstreamEndpointSchema } from "../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

it.each([
  [0, 0.999, 0, "good"],
  [0.002, 0.999, 2, "warn"],
  [0.05, 0.999, 50, "bad"],
] as const)("burns the budget of %d errors against %d at %d", (errors, objective, rate, tone) => {
  const burn = burnOf(errors, objective);
  expect(burn.rate).toBeCloseTo(rate, 6);
  expect([burn.tone, Math.round(burn.hoursLeft * rate)]).toEqual([tone, rate === 0 ? Number.NaN : 720]);
});

it("adds up the rates of a service, weights its errors, and shows its slowest route", () => {
  const route = (name: string, rate: number, errorRatio: number, p95Ms: number) =>
    create(RouteTrafficSchema, { route: name, traffic: { rate, errorRatio, p95Ms, codes: [{ code: "ok", count: 2n }] } });
  const [row, other] = byService([route("a.v1.A/One", 30, 0, 10), route("a.v1.A/Two", 10, 0.4, 90), route("/files/", 1, 0, 1)]);
  expect(row).toMatchObject({ name: "a.v1.A", routes: 2, rate: 40, errorRatio: 0.1, p95: 90 });
  expect(row!.codes.get("ok")).toBe(4n);
  expect(other!.name).toBe("/files/");
});

it.each([
  ["open", "closed", "none", true],
  ["closed", "open", "none", true],
  ["open", "open", "closed", false],
  ["closed", "closed", "open", true],
  ["half_open", "ramp", "none", false],
])("with the breaker %s here, %s shared and the override %s, an endpoint is kept away: %s", (localState, sharedState, override, want) => {
  expect(isKeptAway(create(UpstreamEndpointSchema, { localState, sharedState, override }))).toBe(want);
});

describe("the ring", () => {
  it("has one arc for each endpoint, without a value that is none", () => {
    const parts = fc.array(
      fc.record({ ringShare: fc.double({ min: 0, max: 1, noNaN: true }), weight: fc.integer({ min: 1, max: 1_000 }) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(parts, (shares) => {
        const arcs = arcsOf(
          shares.map((share, index) => ({ id: String(index), ...share })),
          100,
          66,
        );
        expect(arcs.length).toBe(shares.some(({ ringShare }) => ringShare > 0) ? shares.length : 0);
        for (const { path } of arcs) expect(path).not.toMatch(/NaN|Infinity/);
      }),
    );
  });
});

describe("a snapshot", () => {
  const text = '{"layers":[],"format":1,"descriptors":[],"configuration":{"services":{},"maxUrlBytes":300}}';

  it("is written in canonical JSON under its digest, however it is laid out", async () => {
    const canonical = '{"configuration":{"maxUrlBytes":300,"services":{}},"descriptors":[],"format":1,"layers":[]}';
    const digest = createHash("sha256").update(canonical).digest("hex");
    expect(await snapshotOf(text, undefined)).toEqual({ digest, text: canonical, descriptors: [] });
    expect(await snapshotOf(JSON.stringify(JSON.parse(text), null, 4), undefined)).toMatchObject({ digest });
  });

  it("brings the descriptor sets of its base that it names, and is refused without one of them", async () => {
    const set = new TextEncoder().encode("a descriptor set");
    const digest = createHash("sha256").update(set).digest("hex");
    const naming = text.replace('"descriptors":[]', `"descriptors":["${digest}"]`);
    expect((await snapshotOf(naming, create(SnapshotSchema, { descriptors: [set] }))).descriptors).toEqual([set]);
    await expect(snapshotOf(naming, undefined)).rejects.toThrow(digest.slice(0, 12));
    await expect(snapshotOf("no JSON", undefined)).rejects.toThrow("not JSON");
  });

  it("differs by path", () => {
    expect(differences(text, text.replace("300", "400"))).toEqual([{ path: "maxUrlBytes", before: 300, after: 400 }]);
  });
});
