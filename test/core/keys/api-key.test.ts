// API keys: their form, their tag, and what a made-up one can look like.
import { createHash, createHmac, randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asciiBytes, hmacKey } from "../../../core/auth/sha256.ts";
import { digestOf, hasValidTag, idOfDigest, isKeyEnv, isKeyId, makeKey, parseKey, RANDOM_BYTES } from "../../../core/keys/api-key.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET = asciiBytes("a secret of the Worker, 32 bytes or more");
const KEY = hmacKey(SECRET);
const OTHER = hmacKey(asciiBytes("the secret of the year before, as long"));
const random = fc
  .uint8Array({ minLength: RANDOM_BYTES, maxLength: RANDOM_BYTES })
  .filter((bytes) => bytes.filter((byte) => byte < 248).length >= 48);

describe("a key that was made", () => {
  it("has the form, the id and a valid tag", () => {
    fc.assert(
      fc.property(random, fc.stringMatching(/^[a-z0-9]{1,16}$/), (bytes, env) => {
        const { id, text } = makeKey(env, KEY, bytes);
        expect(parseKey(text)).toEqual({ env, id });
        expect(text).toMatch(/^tg_[a-z0-9]{1,16}_[0-9A-Za-z]{16}_[0-9A-Za-z]{40}$/);
        expect([hasValidTag(text, [KEY]), hasValidTag(text, [OTHER]), hasValidTag(text, [OTHER, KEY]), hasValidTag(text, [])]).toEqual([
          true,
          false,
          true,
          false,
        ]);
      }),
    );
  });

  it("has the tag that HMAC-SHA-256 gives, a character for each byte", () => {
    const { text } = makeKey("live", KEY, randomBytes(RANDOM_BYTES));
    const mac = createHmac("sha256", SECRET).update(text.slice(0, -8)).digest();
    expect(text.slice(-8)).toBe([...mac.subarray(0, 8)].map((byte) => ALPHABET[byte % 62]).join(""));
  });

  it("keeps the id of the key that it replaces, with another secret", () => {
    const first = makeKey("live", KEY, randomBytes(RANDOM_BYTES));
    const second = makeKey("live", KEY, randomBytes(RANDOM_BYTES), first.id);
    expect(second.id).toBe(first.id);
    expect(second.text).not.toBe(first.text);
    expect(hasValidTag(second.text, [KEY])).toBe(true);
  });

  it("is invalid with any one character changed", () => {
    const { text } = makeKey("test", KEY, randomBytes(RANDOM_BYTES));
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === "a" ? "b" : "a"}${text.slice(at + 1)}`;
      expect(parseKey(changed) !== undefined && hasValidTag(changed, [KEY])).toBe(false);
    }
  });

  it("uses every character as often as the others, and no byte that would favor some", () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 2_000; n++)
      for (const one of makeKey("t", KEY, randomBytes(RANDOM_BYTES)).text.slice(22, 54)) counts.set(one, (counts.get(one) ?? 0) + 1);
    expect(counts.size).toBe(62);
    const mean = (2_000 * 32) / 62;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
    expect(() => makeKey("t", KEY, new Uint8Array(RANDOM_BYTES).fill(248))).toThrow("found 0 of 48 characters");
    expect(makeKey("t", KEY, new Uint8Array(RANDOM_BYTES).fill(247)).id).toBe("z".repeat(16));
  });
});

describe("the form", () => {
  const id = "0123456789abcdef";
  const rest = "A".repeat(40);
  it.each([
    ["another prefix", `gw_live_${id}_${rest}`],
    ["no environment", `tg__${id}_${rest}`],
    ["an environment in capitals", `tg_LIVE_${id}_${rest}`],
    ["an environment of 17 characters", `tg_${"a".repeat(17)}_${id}_${rest}`],
    ["an id of 15 characters", `tg_live_${id.slice(1)}_${rest}`],
    ["an id of 17 characters", `tg_live_${id}0_${rest}`],
    ["a secret that is too short", `tg_live_${id}_${rest.slice(1)}`],
    ["a secret that is too long", `tg_live_${id}_${rest}A`],
    ["a character that is not base62", `tg_live_${id}_${rest.slice(1)}-`],
    ["text before it", ` tg_live_${id}_${rest}`],
    ["a line break after it", `tg_live_${id}_${rest}\n`],
    ["nothing", ""],
    ["a megabyte", "tg_".repeat(350_000)],
  ])("refuses %s", (_, text) => {
    expect(parseKey(text)).toBeUndefined();
  });

  it("takes the shortest and the longest environment", () => {
    expect(parseKey(`tg_a_${id}_${rest}`)).toEqual({ env: "a", id });
    expect(parseKey(`tg_${"9".repeat(16)}_${id}_${rest}`)).toEqual({ env: "9".repeat(16), id });
  });

  it("says what an environment and an id are", () => {
    expect(["a", "z9", "a".repeat(16)].every(isKeyEnv)).toBe(true);
    expect(["", "A", "a_b", "a".repeat(17), "a\n"].some(isKeyEnv)).toBe(false);
    expect(isKeyId(id)).toBe(true);
    expect(["", `${id}0`, id.slice(1), `${id.slice(1)}-`].some(isKeyId)).toBe(false);
  });
});

it("is stored by its SHA-256", () => {
  const { text } = makeKey("live", KEY, randomBytes(RANDOM_BYTES));
  expect(digestOf(text)).toBe(createHash("sha256").update(text).digest("hex"));
});

it("gives an imported key the id of its digest", () => {
  const digest = createHash("sha256").update("sk_live_imported").digest();
  expect(idOfDigest(digest)).toBe([...digest.subarray(0, 16)].map((byte) => ALPHABET[byte % 62]).join(""));
  expect(isKeyId(idOfDigest(digest))).toBe(true);
});
