// A shared breaker in storage: what a restart keeps, and rows of the first format.
import { describe, expect, it } from "vitest";
import { PROBE_MS } from "../../../core/breaker/report.ts";
import { CLOSED, type SharedBreaker, setOverride } from "../../../core/breaker/shared-breaker.ts";
import { type FirstStoredBreaker, restore, toStored, upgrade } from "../../../core/breaker/stored-breaker.ts";

const NOW = 100_000;
const throughStorage = (breaker: SharedBreaker): SharedBreaker => restore(JSON.parse(JSON.stringify(toStored(breaker))), NOW);

describe("restore", () => {
  const common = { version: 7, probes: { nextId: 5, notBefore: 0, expiries: new Map([[4, NOW + 1]]) }, evidence: new Map() };
  it.each<SharedBreaker>([
    { ...common, kind: "closed", notOpenedBefore: NOW + 9 },
    { ...common, kind: "open", until: NOW + 9, opens: 2 },
    { ...common, kind: "half_open", successes: 0, opens: 2 },
    { ...common, kind: "ramp", since: NOW - 9, opens: 2 },
    { ...common, kind: "overridden", to: "open" },
  ])("keeps the state $kind, with a new version and no probe for 5 s", (breaker) => {
    const probes = { nextId: 5, notBefore: NOW + PROBE_MS, expiries: new Map() };
    expect(throughStorage(breaker)).toStrictEqual({ ...breaker, version: 8, probes, evidence: new Map() });
  });

  it("starts a half-open period again", () => {
    const breaker: SharedBreaker = { ...CLOSED, kind: "half_open", successes: 2, opens: 1 };
    expect(throughStorage(breaker)).toMatchObject({ kind: "half_open", successes: 0, opens: 1 });
  });

  it("stores neither evidence nor probes", () => {
    expect(toStored(setOverride(CLOSED, "closed"))).toStrictEqual({ kind: "overridden", to: "closed", version: 2, nextProbeId: 1 });
  });
});

describe("upgrade", () => {
  const row: FirstStoredBreaker = { version: 7, kind: "closed", until: NOW, opens: 2, nextToken: 5 };
  it.each([
    [{}, { kind: "closed", notOpenedBefore: NOW }],
    [{ kind: "open" }, { kind: "open", until: NOW, opens: 2 }],
    [{ kind: "half" }, { kind: "half_open", successes: 0, opens: 2 }],
    [{ kind: "ramp" }, { kind: "ramp", since: NOW, opens: 2 }],
    [{ forced: "open" }, { kind: "overridden", to: "open" }],
    [
      { kind: "open", forced: "closed" },
      { kind: "overridden", to: "closed" },
    ],
  ] as const)("reads %j as %j", (more, state) => {
    expect(upgrade({ ...row, ...more })).toStrictEqual({ ...state, version: 7, nextProbeId: 5 });
  });
});
