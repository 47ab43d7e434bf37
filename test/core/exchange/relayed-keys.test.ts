// API keys in a relay: when it requests the sequence of changes, and which keys it gives to isolates.
import { describe, expect, it } from "vitest";
import { ABSENT_MS } from "../../../core/exchange/key-messages.ts";
import { RelayedKeys } from "../../../core/exchange/relayed-keys.ts";
import type { KeyGrant } from "../../../core/keys/key-record.ts";

const T = 1_000_000;
const SECTION = { known: 0, maxAgeMs: 10_000 };
const grant = (id: string, revision = 1): KeyGrant => ({ id, revision, digest: "", owner: "o", plan: "", scopes: [], addresses: [] });

function started(at = T): RelayedKeys {
  const keys = new RelayedKeys();
  keys.apply(keys.receive(SECTION, 5_000, at)!, { kind: "same", seq: 0 });
  return keys;
}

describe("the sequence of changes in a relay", () => {
  it("is requested once in a quarter of the age that isolates use, or in their interval", () => {
    const keys = started();
    expect(keys.receive(SECTION, 5_000, T + 2_499)).toBeUndefined();
    expect(keys.receive(SECTION, 5_000, T + 2_500)).toMatchObject({ kind: "key_changes", known: 0 });
    expect(started().receive(SECTION, 1_000, T + 1_000)).toBeDefined();
    expect(started().receive({ ...SECTION, maxAgeMs: 60_000 }, 5_000, T + 4_999)).toBeUndefined();
  });

  it("is requested by a question where it is older than half of that age, unless a request is running", () => {
    const keys = started();
    expect(keys.receiveQuestion(10_000, T + 5_000)).toBeUndefined();
    const request = keys.receiveQuestion(10_000, T + 5_001)!;
    expect(request).toMatchObject({ kind: "key_changes", sentAt: T + 5_001 });
    expect(keys.receiveQuestion(10_000, T + 5_100)).toBeUndefined();
    keys.requests.fail(request.sequence);
    expect(keys.receiveQuestion(10_000, T + 5_200)).toBeDefined();
  });

  it("is sent with its age, and not before it was read", () => {
    const keys = new RelayedKeys();
    expect(keys.viewFor(0, T)).toBeUndefined();
    const request = keys.receive(SECTION, 5_000, T)!;
    keys.apply(request, {
      kind: "changed",
      seq: 7,
      changes: [
        { id: "a", seq: 3 },
        { id: "b", seq: 7 },
      ],
    });
    expect(keys.viewFor(0, T + 300)).toEqual({ delta: { kind: "reset", seq: 7, floor: 7, changes: [] }, ageMs: 300 });
    expect(keys.viewFor(3, T + 300)?.delta).toEqual({ kind: "changed", seq: 7, changes: [{ id: "b", seq: 7 }] });
    expect(keys.viewFor(7, T + 300)?.delta).toEqual({ kind: "same", seq: 7 });
    expect(keys.receive(SECTION, 5_000, T + 5_000)).toMatchObject({ known: 7 });
  });
});

describe("keys in a relay", () => {
  it("are read once, and again where a newer revision is wanted", () => {
    const keys = started();
    expect(keys.readingOf({ id: "a", revision: 0 }, T)).toBeUndefined();
    expect(keys.read("a", grant("a", 2), 0, T)).toBe(true);
    expect(keys.readingOf({ id: "a", revision: 1 }, T)).toEqual({ kind: "found", grant: grant("a", 2) });
    expect(keys.readingOf({ id: "a", revision: 2 }, T)).toBeUndefined();
  });

  it("are missing for 30 s", () => {
    const keys = started();
    keys.read("a", null, 0, T);
    expect(keys.readingOf({ id: "a", revision: 0 }, T + 10)).toEqual({ kind: "absent", ageMs: 10 });
    expect(keys.readingOf({ id: "a", revision: 0 }, T + ABSENT_MS - 1)).toBeDefined();
    expect(keys.readingOf({ id: "a", revision: 0 }, T + ABSENT_MS)).toBeUndefined();
  });

  it("are not taken where they have changed since the read started", () => {
    const keys = started();
    keys.apply(keys.receive(SECTION, 5_000, T + 5_000)!, { kind: "changed", seq: 9, changes: [{ id: "a", seq: 9 }] });
    expect(keys.read("a", grant("a"), 8, T)).toBe(false);
    expect(keys.readingOf({ id: "a", revision: 0 }, T)).toBeUndefined();
    expect(keys.read("a", grant("a", 2), keys.seq, T)).toBe(true);
  });

  it("are not replaced by a read that started before", () => {
    const keys = started();
    keys.read("a", grant("a", 3), 0, T);
    expect(keys.read("a", grant("a", 2), 0, T)).toBe(true);
    expect(keys.read("a", null, 0, T)).toBe(true);
    expect(keys.readingOf({ id: "a", revision: 2 }, T)).toMatchObject({ grant: { revision: 3 } });
  });
});
