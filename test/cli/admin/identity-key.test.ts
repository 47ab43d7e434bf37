// New keys, and the file that has them on this machine.
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { expect, it } from "vitest";
import { newIdentityKey, withVariable } from "../../../cli/admin/identity-key.ts";
import { readIdentityKey } from "../../../core/auth/identity/identity-keys.ts";

it("makes an Ed25519 key whose id is its thumbprint", async () => {
  const key = newIdentityKey(7);
  expect(readIdentityKey(key)).toEqual(key);
  expect(key.from).toBe(7);
  expect(key.kid).toBe(await calculateJwkThumbprint(key as never));
  const text = Buffer.from("text");
  const signature = sign(null, text, createPrivateKey({ key: key as never, format: "jwk" }));
  expect(verify(null, text, createPublicKey({ key: key as never, format: "jwk" }), signature)).toBe(true);
  expect(newIdentityKey(7).x).not.toBe(key.x);
});

it.each([
  ["", "NAME='new'\n"],
  ["A=1", "A=1\nNAME='new'\n"],
  ["NAME=old\nA=1\n", "A=1\nNAME='new'\n"],
  ["NAMES=1\nNAME='old'\nNAME=older\n", "NAMES=1\nNAME='new'\n"],
])("replaces a variable of %j, and no other", (text, want) => expect(withVariable(text, "NAME", "new")).toBe(want));
