// Versions in a relay: requested once an interval, sent to those that lack them, and never replaced by older ones.
import { describe, expect, it } from "vitest";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import type { ControlDelta, ControlSection } from "../../../core/exchange/control-messages.ts";
import { RelayedControl } from "../../../core/exchange/relayed-control.ts";

const NOW = 1_000_000;
const NONE: ControlSection = { known: 0, has: [], runs: "bundled" };
const snapshot = (digest: string): StoredSnapshot => ({ digest, text: `text of ${digest}`, descriptors: {} });

function delta(sequence: number, live: string, canary?: string, sent: readonly string[] = [live]): ControlDelta {
  return {
    ...{ sequence, live: { version: sequence, digest: live }, snapshots: sent.map(snapshot) },
    canary: canary === undefined ? undefined : { version: sequence + 1, digest: canary, percent: 5 },
  };
}

describe("RelayedControl", () => {
  it("requests the state once an interval, with what it has and what its isolates run", () => {
    const relayed = new RelayedControl("weur/relay-0");
    expect(relayed.viewFor(NONE, NOW)).toBeUndefined();
    const first = relayed.receive("one", NONE, 5_000, NOW)!;
    expect(first).toMatchObject({ kind: "control", has: [], report: { relay: "weur/relay-0", isolates: { bundled: 1 } } });
    relayed.apply(first, delta(7, "a"));
    expect(relayed.receive("two", { ...NONE, runs: "a" }, 5_000, NOW + 4_999)).toBeUndefined();
    const second = relayed.receive("one", { ...NONE, runs: "a" }, 5_000, NOW + 5_000);
    expect(second).toMatchObject({ has: ["a"], report: { isolates: { a: 2 } } });
  });

  it("sends the snapshots that an isolate lacks, and the age of the state", () => {
    const relayed = new RelayedControl("weur/relay-0");
    relayed.apply(relayed.receive("one", NONE, 5_000, NOW)!, delta(7, "a", "b", ["a", "b"]));
    const view = relayed.viewFor({ ...NONE, has: ["a"] }, NOW + 80);
    expect(view).toEqual({ ...delta(7, "a", "b"), snapshots: [snapshot("b")], ageMs: 80 });
    expect(relayed.viewFor({ ...NONE, has: ["b", "a"] }, NOW)?.snapshots).toEqual([]);
  });

  it("never goes back, in whatever order responses arrive", () => {
    const relayed = new RelayedControl("weur/relay-0");
    const late = relayed.receive("one", NONE, 1_000, NOW)!;
    const lost = relayed.receive("one", NONE, 1_000, NOW + 6_000)!; // the first one counts as lost by now
    relayed.apply(lost, delta(9, "b"));
    relayed.apply(late, delta(8, "a"));
    expect(relayed.viewFor(NONE, NOW + 6_000)).toMatchObject({ sequence: 9, live: { digest: "b" } });
  });

  it("keeps three snapshots: the live one, the canary, and the one before", () => {
    const relayed = new RelayedControl("weur/relay-0");
    let sentHas: readonly string[] = [];
    for (const [n, digest] of ["a", "b", "c", "d", "e"].entries()) {
      const request = relayed.receive("one", NONE, 1_000, NOW + n * 1_000)!;
      sentHas = request.has;
      relayed.apply(request, delta(n + 1, digest, "canary", n === 0 ? [digest, "canary"] : [digest]));
    }
    expect(sentHas.toSorted()).toEqual(["c", "canary", "d"]);
    expect(relayed.viewFor(NONE, NOW)?.snapshots.map(({ digest }) => digest)).toEqual(["e", "canary"]);
  });

  it("sends that nothing is live any more", () => {
    const relayed = new RelayedControl("weur/relay-0");
    relayed.apply(relayed.receive("one", NONE, 1_000, NOW)!, delta(1, "a"));
    const request = relayed.receive("one", NONE, 1_000, NOW + 1_000)!;
    relayed.apply(request, { sequence: 2, live: undefined, canary: undefined, snapshots: [] });
    expect(relayed.viewFor(NONE, NOW + 1_000)).toMatchObject({ sequence: 2, live: undefined, snapshots: [] });
  });
});
