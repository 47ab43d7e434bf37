// What isolates run, from relays to the control plane: added up by region, forgotten in time, and bounded.
import { describe, expect, it } from "vitest";
import { type FleetReport, FleetReports, MAX_DIGESTS, MAX_REFUSALS } from "../../../core/control/fleet-reports.ts";

const NOW = 1_000_000;
const report = (relay: string, fields: Partial<FleetReport> = {}): FleetReport => {
  return { relay, validMs: 15_000, isolates: {}, canaries: {}, refused: [], ...fields };
};

describe("FleetReports", () => {
  it("adds up the relays of each region", () => {
    const fleet = new FleetReports();
    fleet.receive(
      report("weur/relay-0", { isolates: { a: 2, b: 1 }, refused: [{ digest: "c", reason: "no layer", isolates: 1 }], fallenBack: 1 }),
      NOW,
    );
    fleet.receive(report("weur/relay-1", { fallenBack: 2, isolates: { a: 3 }, canaries: { b: 3 } }), NOW);
    fleet.receive(report("enam/relay-0", { isolates: { b: 4 }, refused: [{ digest: "c", reason: "no layer", isolates: 4 }] }), NOW);
    expect(fleet.status(NOW)).toEqual({
      regions: { weur: { isolates: { a: 5, b: 1 }, canaries: { b: 3 } }, enam: { isolates: { b: 4 }, canaries: {} } },
      refused: [{ digest: "c", reason: "no layer", isolates: 5 }],
      fallenBack: 3,
      relays: 3,
    });
  });

  it("replaces the report of a relay, and forgets it in time", () => {
    const fleet = new FleetReports();
    fleet.receive(report("weur/relay-0", { isolates: { a: 2 } }), NOW);
    fleet.receive(report("weur/relay-0", { isolates: { b: 2 } }), NOW + 5_000);
    expect(fleet.status(NOW + 19_999).regions).toEqual({ weur: { isolates: { b: 2 }, canaries: {} } });
    expect(fleet.status(NOW + 20_000)).toEqual({ regions: {}, refused: [], fallenBack: 0, relays: 0 });
  });

  it("is bounded, however many relays report however much", () => {
    const fleet = new FleetReports();
    for (let n = 0; n < 5_000; n++) {
      const refused = [{ digest: `digest ${n}`, reason: "x".repeat(1_000), isolates: n }];
      fleet.receive(report(`weur/relay-${n}`, { isolates: { [`digest ${n % 50}`]: n }, refused }), NOW);
    }
    const { regions, refused, relays } = fleet.status(NOW);
    expect([Object.keys(regions["weur"]!.isolates).length, refused.length, relays]).toEqual([MAX_DIGESTS, MAX_REFUSALS, 2_000]);
    expect(refused[0]).toMatchObject({ digest: "digest 4999", isolates: 4_999 });
  });
});
