// Keys of limits: counted where something reads them, and reported by a hash that depends on a secret.
import { expect, it } from "vitest";
import { LimitKeys } from "../../../../workers/gateway/rate-limit/limit-keys.ts";
import type { Charge } from "../../../../workers/gateway/rate-limit/rate-limiter.ts";

/** Only what the counting reads. */
const charge = (rule: string, key: string, kind = "ip", isCeiling = false): Charge =>
  ({ rule: { name: rule, key: { kind } }, key, isCeiling }) as unknown as Charge;

it("counts no key before something reads them", () => {
  const keys = new LimitKeys();
  keys.count(charge("a", "a/1"), true);
  expect(keys.take()).toEqual([]);
});

it("counts calls by key, save keys that all callers share and the ceilings of addresses", () => {
  const keys = new LimitKeys();
  keys.start("secret one");
  for (let call = 0; call < 3; call++) keys.count(charge("a", "a/192.0.2.1"), true);
  keys.count(charge("a", "a/192.0.2.1"), false);
  keys.count(charge("a", "a/192.0.2.2"), false);
  keys.count(charge("a", "a/*", "all"), true);
  keys.count(charge("a", "a/ip", "ip", true), true);
  const [first, second, ...others] = keys.take();
  expect(others).toEqual([]);
  expect(first).toEqual({ rule: "a", hash: expect.stringMatching(/^[0-9a-f]{16}$/), allowed: 1, refused: 3 });
  expect(second).toMatchObject({ allowed: 1, refused: 0 });
  expect(keys.take()).toEqual([]);
});

it("names a key alike in all isolates with the secret, and otherwise with another one", () => {
  const hashWith = (secret: string): string => {
    const keys = new LimitKeys();
    keys.start(secret);
    keys.count(charge("a", "a/192.0.2.1"), true);
    return keys.take()[0]!.hash;
  };
  expect(hashWith("one")).toBe(hashWith("one"));
  expect(hashWith("one")).not.toBe(hashWith("two"));
});
