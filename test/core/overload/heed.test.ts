// What an isolate does with a host's word on what to shed.
import { describe, expect, it } from "vitest";
import { Fleet } from "../../../core/balance/fleet.ts";
import { parseShedLevel } from "../../../core/balance/load-report.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { randomStream } from "../../simulation/simulation.ts";

const NOBODY: ReadonlySet<string> = new Set();

function fleet() {
  const members = ["a", "b", "c", "d"].map((id) => ({ id, weight: 1, priority: 0, isDraining: false }));
  const all = new Fleet(members, {
    balancer: "random",
    maxConcurrent: 10,
    maxLoadFactor: Number.POSITIVE_INFINITY,

    slowStartMs: 0,
    breaker: BREAKER,
  });
  const roll = randomStream(3);
  const pick = (rank: number, now: number) => {
    const found = all.pick({ key: 0, now, rng: roll, tried: NOBODY, rank });
    return found.kind === "picked" ? found.id : found.kind;
  };
  const share = (rank: number, what: string, now = 0) =>
    Array.from({ length: 1_000 }, () => pick(rank, now)).filter((found) => found === what).length;
  return { all, pick, share };
}

describe("a fleet", () => {
  it("keeps what matters less from an endpoint that sheds it, until its word is forgotten", () => {
    const { all, share } = fleet();
    all.setShedLevel("a", 1, 1_000);
    expect(share(0, "a")).toBe(0);
    expect(share(1, "a")).toBeGreaterThan(150);
    expect(share(0, "a", 1_000)).toBeGreaterThan(150);
    all.setShedLevel("a", 1, 3_000);
    all.setShedLevel("a", 0, 3_000); // the newest word counts
    expect(share(0, "a", 2_000)).toBeGreaterThan(150);
  });

  it("sheds as many as all endpoints say, and not only where chance shuts all of them at once", () => {
    const { all, share } = fleet();
    for (const id of ["a", "b", "c", "d"]) all.setShedLevel(id, 0.3, 1_000);
    expect(share(0, "shed")).toBeGreaterThan(240);
    expect(share(0, "shed")).toBeLessThan(360);
    expect(share(1, "shed")).toBe(0);
  });

  it("sheds nothing that a single endpoint would take, and never what is most critical", () => {
    const { all, share } = fleet();
    for (const id of ["a", "b", "c"]) all.setShedLevel(id, 2, 1_000);
    expect(share(1, "d")).toBe(1_000);
    all.setShedLevel("d", 3, 1_000);
    expect([share(1, "shed"), share(3, "shed")]).toEqual([1_000, 0]);
  });
});

it.each([
  ["TEXT named_metrics.predicted_ms=1.0,named_metrics.rif=3,named_metrics.shed_level=1.25", 1.25],
  ["TEXT named_metrics.predicted_ms=1.0,named_metrics.rif=3", 0],
  ["TEXT named_metrics.predicted_ms=1.0,named_metrics.shed_level=-1", 0],
  ["TEXT named_metrics.predicted_ms=1.0,named_metrics.shed_level=99", 0],
  ["TEXT named_metrics.predicted_ms=1.0,named_metrics.shed_level=x", 0],
  [`${" ".repeat(5_000)},named_metrics.shed_level=1`, 0],
])("reads the level in %.90s", (text, level) => expect(parseShedLevel(text)).toBe(level));
