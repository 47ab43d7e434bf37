// The sequence of changed keys: what a copy knows after deltas that are late, doubled or lost, and its bounds.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendChanges,
  changesSince,
  EMPTY_KEY_LOG,
  hasChangedSince,
  type KeyLog,
  latestOnly,
  withKeyDelta,
} from "../../../core/keys/key-log.ts";

const NOW = 1_000;

describe("the log", () => {
  it("numbers changes by the clock, and never twice the same", () => {
    let log = appendChanges(EMPTY_KEY_LOG, ["a", "b"], NOW);
    expect(log).toEqual({
      seq: NOW + 1,
      floor: 0,
      changes: [
        { id: "a", seq: NOW },
        { id: "b", seq: NOW + 1 },
      ],
    });
    log = appendChanges(log, ["c"], NOW - 500); // the clock steps back
    expect(log.seq).toBe(NOW + 2);
    log = appendChanges(log, ["a"], NOW + 100);
    expect(log.changes.map(({ id, seq }) => [id, seq])).toEqual([
      ["b", NOW + 1],
      ["c", NOW + 2],
      ["a", NOW + 100],
    ]);
    expect(appendChanges(log, [], NOW + 200)).toEqual(log);
  });

  it("lists as many as its bound, and has a floor for the rest", () => {
    const log = appendChanges(EMPTY_KEY_LOG, ["a", "b", "c"], NOW, 2);
    expect(log).toEqual({
      seq: NOW + 2,
      floor: NOW,
      changes: [
        { id: "b", seq: NOW + 1 },
        { id: "c", seq: NOW + 2 },
      ],
    });
    expect(changesSince(log, NOW)).toMatchObject({ kind: "changed" });
    expect(changesSince(log, NOW - 1)).toMatchObject({ kind: "reset", floor: NOW });
    expect([hasChangedSince(log, "x", NOW - 1), hasChangedSince(log, "x", NOW)]).toEqual([true, false]);
    expect([hasChangedSince(log, "b", NOW), hasChangedSince(log, "b", NOW + 1)]).toEqual([true, false]);
  });

  it("says what a copy does not know", () => {
    const log = appendChanges(EMPTY_KEY_LOG, ["a", "b"], NOW);
    expect(changesSince(log, NOW + 1)).toEqual({ kind: "same", seq: NOW + 1 });
    expect(changesSince(log, NOW + 9)).toEqual({ kind: "same", seq: NOW + 1 }); // the copy has it from another relay
    expect(changesSince(log, NOW)).toEqual({ kind: "changed", seq: NOW + 1, changes: [{ id: "b", seq: NOW + 1 }] });
    expect(latestOnly(log)).toEqual({ kind: "reset", seq: NOW + 1, floor: NOW + 1, changes: [] });
  });
});

describe("a copy", () => {
  const log = appendChanges(EMPTY_KEY_LOG, ["a", "b", "c"], NOW);

  it("takes a delta once, and none that is older than itself", () => {
    const delta = changesSince(log, 0);
    const { log: copy, isComplete } = withKeyDelta(EMPTY_KEY_LOG, delta);
    expect([copy, isComplete]).toEqual([log, true]);
    expect(withKeyDelta(copy, delta).log).toBe(copy);
    expect(withKeyDelta(copy, { kind: "reset", seq: NOW, floor: NOW, changes: [] })).toEqual({ log: copy, isComplete: true });
  });

  it("is complete after a reset only where it knows as much as the floor", () => {
    const short = appendChanges(log, ["d", "e"], NOW + 10, 2);
    const delta = changesSince(short, 1);
    expect(delta.kind).toBe("reset");
    expect(withKeyDelta({ ...EMPTY_KEY_LOG, seq: short.floor - 1 }, delta)).toEqual({ log: short, isComplete: false });
    const late = withKeyDelta({ ...EMPTY_KEY_LOG, seq: short.floor }, delta);
    expect(late.isComplete).toBe(true);
    expect(late.log).toEqual({ seq: short.seq, floor: 0, changes: short.changes });
  });

  it("keeps its own bound", () => {
    const { log: copy } = withKeyDelta(EMPTY_KEY_LOG, changesSince(log, 0), 1);
    expect(copy).toEqual({ seq: NOW + 2, floor: NOW + 1, changes: [{ id: "c", seq: NOW + 2 }] });
  });
});

it("never takes a key for unchanged that has changed, in any order of deltas", () => {
  const ids = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("change" as const), id: ids, at: fc.nat(50) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("request" as const), copy: fc.nat(1), isNew: fc.boolean() }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("arrive" as const), nth: fc.nat(), isKept: fc.boolean() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, max) => {
      let root: KeyLog = EMPTY_KEY_LOG;
      const all: { id: string; seq: number }[] = [];
      const copies = [EMPTY_KEY_LOG, EMPTY_KEY_LOG];
      const deltas: { readonly copy: number; readonly delta: Parameters<typeof withKeyDelta>[1] }[] = [];
      for (const one of steps) {
        if (one.kind === "change") {
          root = appendChanges(root, [one.id], one.at, max);
          all.push({ id: one.id, seq: root.seq });
        } else if (one.kind === "request") {
          deltas.push({ copy: one.copy, delta: one.isNew ? latestOnly(root) : changesSince(root, copies[one.copy]!.seq) });
        } else if (deltas.length > 0) {
          const at = one.nth % deltas.length;
          const { copy, delta } = deltas[at]!;
          if (!one.isKept) deltas.splice(at, 1);
          copies[copy] = withKeyDelta(copies[copy]!, delta, max).log;
        }
        for (const copy of copies) {
          expect(copy.changes.length).toBeLessThanOrEqual(max);
          for (const { id, seq } of all) {
            // A key that was read right before a change that the copy covers.
            if (seq <= copy.seq) expect(hasChangedSince(copy, id, seq - 1)).toBe(true);
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});
