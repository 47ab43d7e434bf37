// Times of use: each key once in a while, whatever exchanges are lost.
import { describe, expect, it } from "vitest";
import { KeyUses, PassedUses, USE_STEP_MS } from "../../../core/keys/key-uses.ts";

describe("uses of an isolate", () => {
  it("wait until a relay has received them", () => {
    const uses = new KeyUses();
    expect(uses.waiting).toBeUndefined();
    expect(uses.note("a", 1)).toBe(true);
    const sent = uses.waiting!;
    expect(sent).toEqual({ a: 1 });
    uses.note("b", 2);
    uses.note("a", 3); // used again while the exchange was under way
    uses.received(sent);
    expect(uses.waiting).toEqual({ a: 3, b: 2 });
    uses.received(uses.waiting!);
    expect(uses.waiting).toBeUndefined();
  });

  it("are at most 500", () => {
    const uses = new KeyUses();
    for (let n = 0; n < 500; n++) expect(uses.note(`k${n}`, n)).toBe(true);
    expect(uses.note("more", 1)).toBe(false);
    expect(uses.note("k0", 900)).toBe(true);
    expect(Object.keys(uses.waiting!)).toHaveLength(500);
    expect(uses.waiting!["k0"]).toBe(900);
  });
});

describe("uses in a relay", () => {
  it("are passed on once in half of the step", () => {
    const passed = new PassedUses();
    expect(passed.pass({ a: 1_000, b: 1_000 })).toEqual({ a: 1_000, b: 1_000 });
    expect(passed.pass({ a: 999 + USE_STEP_MS / 2, b: 1_000 + USE_STEP_MS / 2 })).toEqual({ b: 1_000 + USE_STEP_MS / 2 });
  });

  it("are remembered for a bounded number of keys", () => {
    const passed = new PassedUses(2);
    passed.pass({ a: 1, b: 1 });
    passed.pass({ a: 1 + USE_STEP_MS, c: 1 });
    expect(passed.size).toBe(2);
    expect(passed.pass({ b: 2, c: 2 })).toEqual({ b: 2 });
  });
});
