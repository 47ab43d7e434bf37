// The board of an upstream: an endpoint that is worse than the others is opened, what all of them suffer from opens none.
import { describe, expect, it } from "vitest";
import { type BreakerReport, type BreakerView, force } from "../../../core/breaker/shared-breaker.ts";
import { receiveReports, type SharedBreakers } from "../../../core/breaker/shared-breakers.ts";
import { BREAKER } from "../../../core/config/breaker.ts";

const NINE = Array.from({ length: 9 }, (_, index) => `e${index}`);
let sequence = 0;
const seen = (more: Partial<BreakerReport> = {}): BreakerReport => {
  sequence += 1;
  return { sequence, calls: 10, failures: 0, isOpen: false, wantsProbe: false, ...more };
};
const FAILS = { failures: 8 };

/** Six isolates in three places say the same of each endpoint. */
function told(
  known: SharedBreakers,
  now: number,
  of: (endpoint: string) => Partial<BreakerReport>,
): [SharedBreakers, Readonly<Record<string, BreakerView>>] {
  let [board, views]: [SharedBreakers, Readonly<Record<string, BreakerView>>] = [known, {}];
  for (let index = 0; index < 6; index++) {
    const by = { isolate: `i${index}`, location: `L${index % 3}` };
    const report = Object.fromEntries(NINE.map((endpoint) => [endpoint, seen(of(endpoint))]));
    [board, views] = receiveReports(board, by, report, BREAKER, now);
  }
  return [board, views];
}
const open = (board: SharedBreakers): string[] => NINE.filter((endpoint) => board.get(endpoint)!.kind === "open");

describe("a board", () => {
  it("opens those that fail while the others are well, as many as may be left out", () => {
    const [board] = told(new Map(), 0, (endpoint) => (endpoint < "e6" ? FAILS : {}));
    expect(open(board)).toEqual(["e0", "e1", "e2", "e3", "e4", "e5"]);
  });

  it("opens none where more are in trouble than may be left out, and closes those that it has opened", () => {
    const [some] = told(new Map(), 0, (endpoint) => (endpoint < "e3" ? FAILS : {}));
    expect(open(some)).toHaveLength(3);
    const [board, views] = told(some, 1_000, (endpoint) => (endpoint < "e3" ? {} : { failures: 3 }));
    expect(open(board)).toEqual([]);
    expect(views["e0"]).toMatchObject({ kind: "closed", admit: 1 });
    expect(views["e0"]!.version).toBeGreaterThan(some.get("e0")!.version);
  });

  it("leaves it at that for ten seconds: evidence of what is over opens nothing", () => {
    const [all] = told(told(new Map(), 0, () => FAILS)[0], 500, () => ({}));
    const one = (endpoint: string): Partial<BreakerReport> => (endpoint === "e0" ? FAILS : {});
    expect(open(told(all, 9_000, one)[0])).toEqual([]);
    expect(open(told(all, 11_000, one)[0])).toEqual(["e0"]);
  });

  it("does not take failures for news that came before the last report", () => {
    expect(open(told(new Map(), 0, (endpoint) => (endpoint === "e0" ? { ...FAILS, hasRecovered: true } : {}))[0])).toEqual([]);
  });

  it("keeps what an operator has opened", () => {
    const [board] = told(new Map([["e0", force(told(new Map(), 0, () => ({}))[0].get("e0")!, "open")]]), 0, () => FAILS);
    expect(board.get("e0")!.forced).toBe("open");
    expect(told(board, 1_000, () => FAILS)[1]["e0"]).toMatchObject({ kind: "open", admit: 0 });
  });

  it("opens for a few failures in a hundred calls of many isolates none but the one that is gone", () => {
    let board: SharedBreakers = new Map();
    for (let isolate = 0; isolate < 200; isolate++) {
      const by = { isolate: `i${isolate}`, location: `L${isolate % 5}` };
      const report = Object.fromEntries(NINE.map((endpoint, at) => [endpoint, seen({ calls: 1, failures: isolate % 40 === at ? 1 : 0 })]));
      [board] = receiveReports(board, by, report, BREAKER, isolate * 50);
    }
    expect(open(board)).toEqual([]);
    for (let isolate = 0; isolate < 4; isolate++) {
      const by = { isolate: `i${isolate}`, location: `L${isolate % 5}` };
      [board] = receiveReports(board, by, { e8: seen({ calls: 1, failures: 1 }) }, BREAKER, 13_000 + isolate);
    }
    expect(open(board)).toEqual(["e8"]);
  });
});
