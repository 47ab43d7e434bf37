// Which key signs, which secret gets the next one, and what is read as a key.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  publishedKey,
  readIdentityKey,
  readPublicKeys,
  readScheduledKeys,
  type ScheduledKey,
  signingKey,
  slotOfNextKey,
} from "../../../../core/auth/identity/identity-keys.ts";

const X = "a".repeat(43);
const key = (kid: string, from: number): ScheduledKey => ({ kty: "OKP", crv: "Ed25519", x: X, kid, from });
const secret = { ...key("a", 5), d: "b".repeat(43) };
const NOW = 1_000_000; // 1,000 s

describe("readIdentityKey", () => {
  it("reads a key, and leaves out what it does not know", () => {
    expect(readIdentityKey({ ...secret, alg: "none" })).toEqual(secret);
  });

  it.each([
    ["no object", "text"],
    ["null", null],
    ["no private part", key("a", 5)],
    ["a short private part", { ...secret, d: "b" }],
    ["a private part that is no text", { ...secret, d: 1 }],
    ["another type", { ...secret, kty: "EC" }],
    ["another curve", { ...secret, crv: "X25519" }],
    ["a long public part", { ...secret, x: `${X}a` }],
    ["a public part with other characters", { ...secret, x: `${"a".repeat(42)}+` }],
    ["an id with other characters", { ...secret, kid: "a/b" }],
    ["a long id", { ...secret, kid: "a".repeat(65) }],
    ["an id that is no text", { ...secret, kid: 1 }],
    ["no time", { ...secret, from: undefined }],
    ["a time that is not whole", { ...secret, from: 1.5 }],
  ])("does not read %s", (_, value) => expect(readIdentityKey(value)).toBeUndefined());
});

describe("readPublicKeys", () => {
  it("reads keys without their private part and their time, and leaves out other keys", () => {
    const { from: _, ...published } = key("a", 5);
    expect(readPublicKeys({ keys: [secret, { kty: "RSA" }, null, "x"] })).toEqual([published]);
  });

  it.each([
    ["no object", null],
    ["text", "{}"],
    ["no list", { keys: {} }],
    ["nine keys", { keys: Array(9).fill(secret) }],
  ])("reads no set in %s", (_, value) => expect([readPublicKeys(value), readScheduledKeys(value)]).toEqual([undefined, undefined]));

  it("reads eight keys", () => expect(readPublicKeys({ keys: Array(8).fill(secret) })).toHaveLength(8));
});

describe("readScheduledKeys", () => {
  it("reads keys in their order, and none where one has no time", () => {
    expect(readScheduledKeys({ keys: [secret, key("b", 6)] })).toEqual([key("a", 5), key("b", 6)]);
    expect(readScheduledKeys({ keys: [secret, { ...key("b", 6), from: "6" }] })).toBeUndefined();
  });
});

it("publishes no private part", () => expect(publishedKey(secret)).toEqual(key("a", 5)));

describe("signingKey", () => {
  it("is the latest whose time has come", () => {
    expect(signingKey([key("a", 0), key("b", 1_000)], NOW).kid).toBe("b");
    expect(signingKey([key("a", 0), key("b", 1_001)], NOW).kid).toBe("a");
    expect(signingKey([key("b", 900), key("a", 0)], NOW).kid).toBe("b");
  });

  it("is the first where none has come: calls have to be signed", () => {
    expect(signingKey([key("a", 2_000), key("b", 1_500)], NOW).kid).toBe("a");
  });
});

describe("slotOfNextKey", () => {
  it("is the free secret, then the one whose key does not sign", () => {
    expect(slotOfNextKey([key("a", 0)], NOW)).toBe(1);
    expect(slotOfNextKey([key("a", 0), key("b", 1_000)], NOW)).toBe(0);
    expect(slotOfNextKey([key("a", 900), key("b", 800)], NOW)).toBe(1);
  });

  it("is none while a key waits for its time", () => {
    expect(slotOfNextKey([key("a", 0), key("b", 1_001)], NOW)).toBe("key b is to sign from 1970-01-01T00:16:41.000Z on; wait until then");
  });

  it("never replaces a key that signs, nor one that is to sign", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 2 }), (times) => {
        const keys = times.map((from, index) => key(String(index), from));
        const slot = slotOfNextKey(keys, NOW);
        expect(typeof slot === "string").toBe(times.some((from) => from > 1_000));
        if (typeof slot === "number") expect(keys[slot]?.kid).not.toBe(signingKey(keys, NOW).kid);
      }),
    );
  });
});
