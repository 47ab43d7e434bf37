// Three scenarios of `npm run sim -- resilience`, by one seed: their goals are held whenever the core changes.
import { describe, expect, it } from "vitest";
import { simulation } from "./resilience/index.ts";
import { isMet, type Row } from "./simulation.ts";

const SEED = 1;
const LONGEST_MS = 120_000;

function rows(name: string): readonly Row[] {
  const scenario = simulation.scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  return scenario.run(SEED);
}

describe(`the simulation of faults, seed ${SEED}`, () => {
  it.each(["capacity-drop", "endpoint-refuses", "chain-down"])(
    "meets the goals of %s",
    (name) => {
      const held = rows(name).flatMap(({ variant, goals = [] }) => goals.map((goal) => ({ variant, ...goal })));
      expect(held.length).toBeGreaterThan(0);
      expect(held.filter((goal) => !isMet(goal))).toEqual([]);
    },
    LONGEST_MS,
  );

  it("gives the same figures for the same seed", () => expect(rows("zone-hangs")).toEqual(rows("zone-hangs")), LONGEST_MS);
});
