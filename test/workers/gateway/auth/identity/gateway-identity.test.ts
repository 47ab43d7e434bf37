// What the gateway writes for services, how often it signs, and how much it stores.
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../../../../core/auth/principal.ts";
import { GatewayIdentity, MAX_TOKEN_BYTES } from "../../../../../workers/gateway/auth/identity/gateway-identity.ts";
import { IdentityVerifier } from "../../../../../workers/service/identity/verifier.ts";
import { identityKey, keySetOf } from "../../../../support/identity.ts";

const SERVICE = "users.v1.UserService";
const NOW = 1_796_000_000_000;
const POLICY = { name: "tidegate", keyBindings: ["KEY_A", "KEY_B"], claims: ["email"] };
const one = await identityKey("one");
const two = await identityKey("two", NOW / 1_000 + 100);
const verifier = new IdentityVerifier({ gateway: "tidegate", callers: [], keys: keySetOf(one, two), audience: [SERVICE] });
const verified = (text: string, now: number, props?: object) =>
  verifier.verify(new Request("https://x.example", { headers: { "tidegate-identity": text } }), { props }, now);
const ada: Principal = {
  ...{ kind: "user", id: "https://issuer.example#ada", scopes: ["a"], claims: { email: "ada@example.com", other: 1 } },
  expiresAt: Number.POSITIVE_INFINITY,
};
const identity = () => new GatewayIdentity(POLICY, [one.jwk, two.jwk]);
const sign = vi.spyOn(crypto.subtle, "sign");
afterEach(() => sign.mockClear());

describe("towards URLs", () => {
  it("signs what a service verifies, once for many calls", async () => {
    const gateway = identity();
    const token = await gateway.headerFor(ada, SERVICE, false, NOW);
    expect(await verified(token!, NOW)).toMatchObject({ caller: { id: ada.id, scopes: ["a"], claims: { email: "ada@example.com" } } });
    for (let at = NOW; at < NOW + 40_000; at += 1_000) expect(gateway.headerFor(ada, SERVICE, false, at)).toBe(token);
    expect(sign).toHaveBeenCalledTimes(1);
    const next = gateway.headerFor(ada, SERVICE, false, NOW + 40_000);
    expect(next).toBeInstanceOf(Promise);
    expect(await verified((await next)!, NOW + 40_000)).toBeTypeOf("object");
  });

  it("signs for each service and each caller by itself", async () => {
    const gateway = identity();
    const tokens = [
      await gateway.headerFor(ada, SERVICE, false, NOW),
      await gateway.headerFor(ada, "orders.v1.OrderService", false, NOW),
      await gateway.headerFor({ ...ada, id: "key:1", kind: "key" }, SERVICE, false, NOW),
      await gateway.headerFor(undefined, SERVICE, false, NOW),
    ];
    expect(new Set(tokens).size).toBe(4);
    expect(await verified(tokens[1]!, NOW)).toBe("identity_audience");
    expect(await verified(tokens[3]!, NOW)).toMatchObject({ caller: { kind: "anonymous", id: "" } });
  });

  it("states what is true now: another object of the same principal, or other scopes", async () => {
    const gateway = identity();
    const token = await gateway.headerFor(ada, SERVICE, false, NOW);
    expect(gateway.headerFor({ ...ada }, SERVICE, false, NOW)).toBe(token);
    const less = await gateway.headerFor({ ...ada, scopes: [] }, SERVICE, false, NOW);
    expect(await verified(less!, NOW)).toMatchObject({ caller: { scopes: [] } });
  });

  it("does not outlive the credential", async () => {
    const token = await identity().headerFor({ ...ada, expiresAt: NOW + 10_000 }, SERVICE, false, NOW);
    expect(await verified(token!, NOW + 39_000)).toBeTypeOf("object"); // the clocks may differ by 30 s
    expect(await verified(token!, NOW + 40_000)).toBe("identity_expired");
  });

  it("signs with the next key from its time on; both verify before and after", async () => {
    const gateway = identity();
    const kidOf = (token: string | undefined) => (JSON.parse(atob(token!.split(".")[0]!)) as { kid: string }).kid;
    const before = await gateway.headerFor(ada, SERVICE, false, NOW + 99_999);
    const after = await gateway.headerFor(ada, SERVICE, false, NOW + 99_999 + 40_000);
    expect([kidOf(before), kidOf(after)]).toEqual(["one", "two"]);
    for (const token of [before, after]) expect(await verified(token!, NOW + 139_999)).toBeTypeOf("object");
    expect(await gateway.keySet().json()).toEqual(JSON.parse(keySetOf(one, two)));
  });

  it("names nobody without a key", () => {
    expect(new GatewayIdentity(POLICY, []).headerFor(ada, SERVICE, false, NOW)).toBeUndefined();
  });
});

it("towards bindings states the same without a signature, at once", async () => {
  const text = new GatewayIdentity(POLICY, []).headerFor(ada, SERVICE, true, NOW);
  expect(text).toBeTypeOf("string");
  expect(await verified(text as string, NOW, { caller: "tidegate" })).toMatchObject({ caller: { id: ada.id } });
  expect(await verified(text as string, NOW)).toBe("identity_unsigned");
  expect(sign).not.toHaveBeenCalled();
});

it("stores a bounded number of bytes, those used last", () => {
  const gateway = new GatewayIdentity(POLICY, []);
  const named = (n: number): Principal => ({ ...ada, id: `key:${n}`, claims: { email: "x".repeat(1_000) } });
  const first = gateway.headerFor(named(0), SERVICE, true, NOW) as string;
  const most = Math.floor(MAX_TOKEN_BYTES / (2 * first.length));
  for (let n = 1; n < most / 2; n++) void gateway.headerFor(named(n), SERVICE, true, NOW);
  expect(gateway.headerFor(named(0), SERVICE, true, NOW + 1_000)).toBe(first);
  for (let n = 1; n < 3 * most; n++) void gateway.headerFor(named(-n), SERVICE, true, NOW);
  expect(gateway.headerFor(named(0), SERVICE, true, NOW + 1_000)).not.toBe(first); // made anew, with another time
});
