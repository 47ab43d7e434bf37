// The keys that an isolate holds: what answers and exchanges change in them, in any order, and their memory.
import { describe, expect, it } from "vitest";
import type { KeysAnswer } from "../../../../../core/exchange/key-messages.ts";
import type { KeyDelta } from "../../../../../core/keys/key-log.ts";
import type { KeyGrant } from "../../../../../core/keys/key-record.ts";
import { USE_STEP_MS } from "../../../../../core/keys/key-uses.ts";
import { KeyRing } from "../../../../../workers/gateway/auth/keys/key-ring.ts";
import type { ExchangeDraft } from "../../../../../workers/gateway/background/exchange.ts";

const T = 1_000_000;
const POLICY = { cacheBytes: 1_048_576, revocationMaxAgeMs: 10_000, maxStaleMs: 60_000 };
const grant = (id: string, fields: Partial<KeyGrant> = {}): KeyGrant => ({
  ...{ id, revision: 1, digest: "00".repeat(32), owner: "acme", plan: "", scopes: [], addresses: [] },
  ...fields,
});
const SAME: KeyDelta = { kind: "same", seq: 0 };
const answer = (grants: readonly KeyGrant[], delta: KeyDelta = SAME): KeysAnswer => ({
  ...{ version: 2, view: { delta, ageMs: 100 } },
  keys: Object.fromEntries(grants.map((one) => [one.id, { kind: "found" as const, grant: one }])),
});
const wanted = (...ids: string[]) => ids.map((id) => ({ id, revision: 0 }));

describe("a ring of keys", () => {
  it("holds keys with their principals", () => {
    const ring = new KeyRing(POLICY);
    expect(ring.known).toBe(0);
    const grants = [grant("a", { plan: "pro", scopes: ["x"], expiresAt: 5 }), grant("b")];
    expect(ring.learn(answer(grants, { kind: "reset", seq: 7, floor: 7, changes: [] }), wanted("a", "b"), T, T)).toBe(true);
    const shared = { kind: "key", owner: "acme", claims: {} };
    expect(ring.key("a", T)?.principal).toEqual({ ...shared, id: "key:a", plan: "pro", scopes: ["x"], expiresAt: 5 });
    expect(ring.key("b", T)?.principal).toEqual({ ...shared, id: "key:b", scopes: [], expiresAt: Number.POSITIVE_INFINITY });
    expect([ring.known, ring.view.ageMs(T)]).toEqual([7, 100]);
  });

  it("loses a key with its change, and takes no older reading of it", () => {
    const ring = new KeyRing(POLICY);
    ring.learn(answer([grant("a"), grant("b")]), wanted("a", "b"), T, T);
    ring.read(
      {
        version: 2,
        shards: 1,
        nextMs: 1,
        earlyMs: 1,
        keys: { delta: { kind: "changed", seq: 9, changes: [{ id: "a", seq: 9 }] }, ageMs: 0 },
      },
      T,
      T,
    );
    expect([ring.key("a", T), ring.key("b", T)?.grant.id]).toEqual([undefined, "b"]);
    expect(ring.learn(answer([grant("a")]), wanted("a"), T, T)).toBe(false); // late, from a relay that does not know the change
    expect(ring.key("a", T)).toBeUndefined();
    expect(ring.learn(answer([grant("a", { revision: 2 })], { kind: "same", seq: 9 }), wanted("a"), T, T)).toBe(true);
    expect(ring.learn(answer([grant("a")], { kind: "same", seq: 9 }), wanted("a"), T, T)).toBe(true); // doubled, and older
    expect(ring.key("a", T)?.grant.revision).toBe(2);
  });

  it("remembers what has ended for 30 s", () => {
    const ring = new KeyRing(POLICY);
    ring.learn(answer([grant("a")]), wanted("a"), T, T);
    const revoked = grant("a", { revision: 2, revokedAt: 5 });
    const absent = { kind: "absent" as const, ageMs: 20_000 };
    ring.learn({ ...answer([revoked]), keys: { ...answer([revoked]).keys, b: absent } }, wanted("a", "b"), T, T);
    expect(ring.key("a", T)).toBeUndefined();
    expect([ring.ended("a", T + 29_999), ring.ended("b", T + 9_999)]).toMatchObject([{ grant: { revokedAt: 5 } }, "absent"]);
    expect([ring.ended("a", T + 30_000), ring.ended("b", T + 10_000)]).toEqual([undefined, undefined]);
    ring.addMismatch("d", T);
    expect([ring.isMismatch("d", T + 29_999), ring.isMismatch("d", T + 30_000), ring.isMismatch("e", T)]).toEqual([true, false, false]);
  });

  it("is incomplete where the answer has no view, or not every key", () => {
    const ring = new KeyRing(POLICY);
    expect(ring.learn({ version: 2, keys: {} }, [], T, T)).toBe(false);
    expect(ring.view.decide(T)).toMatchObject({ kind: "unusable" });
    expect(ring.learn(answer([grant("a")]), wanted("a", "b"), T, T)).toBe(false);
    expect(ring.key("a", T)).toBeDefined();
  });

  it("holds a bounded number of keys", () => {
    const ring = new KeyRing({ ...POLICY, cacheBytes: 65_536 });
    const ids = Array.from({ length: 500 }, (_, n) => `key-${n}`);
    for (const id of ids) ring.learn(answer([grant(id)]), wanted(id), T, T);
    const held = ids.filter((id) => ring.key(id, T) !== undefined).length;
    expect(held).toBeGreaterThan(30);
    expect(held).toBeLessThan(65_536 / 800);
  });

  it("sends times of use once in a while, again where an exchange was lost, and nothing without calls", () => {
    const ring = new KeyRing(POLICY);
    const section = (now: number) => {
      const draft: ExchangeDraft = {};
      ring.write(draft, now);
      return draft.keys;
    };
    expect(section(T)).toBeUndefined();
    ring.learn(answer([grant("a")]), wanted("a"), T, T);
    const key = ring.key("a", T)!;
    ring.noteUse(key, T);
    ring.noteUse(key, T + 1);
    expect(section(T)).toEqual({ known: 0, maxAgeMs: 10_000, used: { a: T } });
    expect(section(T)).toMatchObject({ used: { a: T } });
    ring.read({ version: 2, shards: 1, nextMs: 1, earlyMs: 1 }, T, T);
    expect(section(T)).toEqual({ known: 0, maxAgeMs: 10_000 });
    expect(section(T + 60_001)).toBeUndefined();
    ring.noteUse(key, T + USE_STEP_MS);
    expect(section(T + USE_STEP_MS)).toMatchObject({ used: { a: T + USE_STEP_MS } });
  });
});
