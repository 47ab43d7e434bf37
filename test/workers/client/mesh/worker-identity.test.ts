// The signatures of a Worker, as the called service verifies them.
import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { describe, expect, it, vi } from "vitest";
import { boundIdentity, workerIdentity } from "../../../../workers/client/mesh/worker-identity.ts";
import { PROVEN_CALLER, type ProvenCaller } from "../../../../workers/service/identity/caller.ts";
import { parseIdentity } from "../../../../workers/service/identity/identity-token.ts";
import { IdentityVerifier } from "../../../../workers/service/identity/verifier.ts";
import { base64url, claimsOf, identityKey, keySetOf } from "../../../support/identity.ts";

const NOW = Date.now();
const USERS = "users.v1.UserService";
const [one, two] = [await identityKey("one"), await identityKey("two", Math.floor(NOW / 1_000) + 600)];
const secrets = [JSON.stringify(one.jwk), JSON.stringify(two.jwk)];
const verifier = new IdentityVerifier({
  ...{ gateway: "tidegate", callers: ["tidegate-orders"], keys: undefined, audience: [USERS] },
  workerKeys: new Map([["tidegate-orders", keySetOf(one, two)]]),
});

/** The context of a call that was proven over a binding. */
function served(props: string, claims: object | undefined): HandlerContext {
  const orders = new IdentityVerifier({ gateway: "tidegate", callers: ["tidegate-cart"], keys: undefined, audience: [] });
  const headers = claims === undefined ? {} : { "tidegate-identity": base64url(JSON.stringify(claims)) };
  const proven = orders.verify(new Request("https://orders.example", { headers }), { props: { caller: props } }, NOW) as ProvenCaller;
  return { values: createContextValues().set(PROVEN_CALLER, proven) } as HandlerContext;
}
const verified = async (token: string | Promise<string>, now = NOW) =>
  verifier.verify(new Request("https://users.example", { headers: { "tidegate-identity": await token } }), undefined, now);

describe("a signed call", () => {
  it("states the caller of the served call, and proves the Worker", async () => {
    const identity = workerIdentity("tidegate-orders", secrets);
    const during = served("tidegate", claimsOf({ scopes: ["a"], aud: "orders.v1.OrderService" }));
    expect(await verified(identity.tokenFor(during, USERS, NOW))).toMatchObject({
      caller: { kind: "user", id: claimsOf().sub, scopes: ["a"] },
      from: { name: "tidegate-orders", before: [] },
    });
    const behind = served("tidegate-cart", claimsOf({ act: { sub: "tidegate-web" } }));
    expect(await verified(identity.tokenFor(behind, USERS, NOW))).toMatchObject({
      from: { name: "tidegate-orders", before: ["tidegate-cart", "tidegate-web"] },
    });
  });

  it("without a caller states that there is none", async () => {
    const identity = workerIdentity("tidegate-orders", secrets);
    for (const during of [undefined, served("tidegate", undefined), { values: createContextValues() } as HandlerContext])
      expect(await verified(identity.tokenFor(during, USERS, NOW))).toMatchObject({ caller: { kind: "anonymous", id: "" } });
  });

  it("is signed once for the same caller and service, until its time is short", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    const identity = workerIdentity("tidegate-orders", secrets);
    const during = served("tidegate", claimsOf());
    const first = await identity.tokenFor(during, USERS, NOW);
    expect([identity.tokenFor(during, USERS, NOW + 30_000), sign.mock.calls.length]).toEqual([first, 1]);
    expect(await identity.tokenFor(during, USERS, NOW + 45_000)).not.toBe(first);
    expect(await identity.tokenFor(during, "other.v1.Other", NOW)).not.toBe(first);
    expect(await identity.tokenFor(served("tidegate", claimsOf({ sub: "eve" })), USERS, NOW)).not.toBe(first);
    sign.mockRestore();
  });

  it("has the key whose time has come", async () => {
    const identity = workerIdentity("tidegate-orders", secrets);
    const kid = async (now: number) => {
      const parsed = parseIdentity(await identity.tokenFor(undefined, USERS, now));
      return typeof parsed === "string" ? parsed : parsed.signed?.kid;
    };
    expect([await kid(NOW), await kid(NOW + 601_000)]).toEqual(["one", "two"]);
  });

  it("needs a name and a key", () => {
    expect(() => workerIdentity("", secrets)).toThrow('name of this Worker: found ""');
    expect(() => workerIdentity("a", [])).toThrow("keys of this Worker: found none");
    expect(() => workerIdentity("a", [undefined])).toThrow("key 1 of this Worker: found no secret");
  });
});

describe("a call over a binding", () => {
  it("has what the gateway has stated, as it is", () => {
    const claims = claimsOf();
    expect(boundIdentity(served("tidegate", claims))).toBe(base64url(JSON.stringify(claims)));
    expect([boundIdentity(served("tidegate", undefined)), boundIdentity(undefined)]).toEqual([undefined, undefined]);
  });

  it("names the Worker that has called this one", () => {
    const parsed = parseIdentity(boundIdentity(served("tidegate-cart", claimsOf()))!);
    expect(parsed).toMatchObject({ claims: { sub: claimsOf().sub, act: { sub: "tidegate-cart" } } });
  });
});
