import { describe, expect, it } from "vitest";
import { initialState, type LocalState } from "../../../core/breaker/local-state.ts";
import type { BreakerView } from "../../../core/breaker/report.ts";
import { shownBreaker } from "../../../core/breaker/shown-breaker.ts";

const NOW = 100_000;

const held = (view: Partial<BreakerView>, until = NOW + 5_000): LocalState["held"] => ({
  view: { version: 2, kind: "closed", admit: 1, retryAfterMs: 0, probeId: undefined, leaseMs: 5_000, ...view },
  until,
  reportedAt: undefined,
});

describe("shownBreaker", () => {
  it.each([
    ["nothing", {}, { local: "closed", shared: "closed", override: undefined }],
    ["its own evidence", { own: { kind: "open", until: NOW + 1, method: undefined } }, { local: "open" }],
    ["a probe that is due", { own: { kind: "open", until: NOW, method: undefined } }, { local: "half_open" }],
    [
      "a probe in flight",
      { own: { kind: "open", until: NOW + 1, method: undefined }, probing: { version: 1, id: 1, endsAt: NOW + 1 } },
      { local: "half_open" },
    ],
    ["no probe of its own while it is closed", { probing: { version: 1, id: 1, endsAt: NOW + 1 } }, { local: "closed" }],
    ["a shared view", { held: held({ kind: "ramp" }) }, { local: "closed", shared: "ramp", override: undefined }],
    ["an override", { held: held({ kind: "open", override: "open" }) }, { shared: "open", override: "open" }],
    ["an override that keeps it closed", { held: held({ override: "closed" }) }, { shared: "closed", override: "closed" }],
    ["an override whose lease has ended", { held: held({ override: "closed" }, NOW) }, { override: undefined }],
  ] as const)("shows %s", (_, state, expected) => {
    expect(shownBreaker({ ...initialState(), ...(state as Partial<LocalState>) }, NOW)).toMatchObject(expected);
  });
});
