// Whom a service believes: signatures of its gateway, and bindings whose props name the gateway or a listed Worker.
import { beforeEach, describe, expect, it, vi } from "vitest";
import { IdentityVerifier } from "../../../../workers/service/identity/verifier.ts";
import { base64url, claimsOf, identityKey, keySetOf } from "../../../support/identity.ts";

const SERVICE = "users.v1.UserService";
const NOW = Date.now();
const key = await identityKey("one");
const stranger = await identityKey("one");
const other = await identityKey("two");
const keys = keySetOf(key);
const settings = { gateway: "tidegate", callers: ["tidegate-orders"], keys, audience: [SERVICE] };
const GATEWAY = { caller: "tidegate" };
let verifier = new IdentityVerifier(settings);
beforeEach(() => {
  verifier = new IdentityVerifier(settings);
});

function verify(text: string | undefined, props?: object, now = NOW) {
  const headers = text === undefined ? {} : { "tidegate-identity": text };
  return verifier.verify(new Request("https://users.example", { headers }), { props }, now);
}
const unsigned = (claims: object) => base64url(JSON.stringify(claims));

describe("over a URL", () => {
  it("a signature of the gateway proves who calls, again and again", async () => {
    const token = await key.sign(claimsOf({ scopes: ["a"], plan: "gold" }, NOW));
    const first = await verify(token);
    expect(first).toMatchObject({ caller: { kind: "user", id: "https://issuer.example#ada", scopes: ["a"], plan: "gold" } });
    expect(await verify(token)).toBe(first);
    expect((first as { payload: string }).payload).toBe(token.split(".")[1]);
  });

  it("a token that was verified ends with its time all the same", async () => {
    const token = await key.sign(claimsOf({}, NOW));
    expect(await verify(token)).toBeTypeOf("object");
    expect(await verify(token, undefined, NOW + 91_000)).toBe("identity_expired");
  });

  it("verifies a token once, however often it comes, and as much as it must to bound what it stores", async () => {
    const spy = vi.spyOn(crypto.subtle, "verify");
    const token = await key.sign(claimsOf({}, NOW));
    for (let n = 0; n < 5; n++) await verify(token);
    expect(spy).toHaveBeenCalledTimes(1);
    const long = await key.sign(claimsOf({ subject: "x".repeat(2_000) }, NOW));
    for (let n = 0; n < 2; n++) expect(await verify(long)).toBeTypeOf("object");
    expect(spy).toHaveBeenCalledTimes(3);
    for (let n = 0; n < 1_000; n++) await verify(await key.sign(claimsOf({ sub: String(n) }, NOW)));
    spy.mockClear();
    await verify(token); // the oldest one had to go
    expect(spy).toHaveBeenCalledTimes(1);
    spy.mockRestore();
  });

  const texts: readonly (readonly [string, string | undefined | Promise<string>, string])[] = [
    ["nothing", undefined, "identity_missing"],
    ["claims without a signature", unsigned(claimsOf({}, NOW)), "identity_unsigned"],
    ["another key with the same id", stranger.sign(claimsOf({}, NOW)), "identity_signature"],
    ["an unknown key", other.sign(claimsOf({}, NOW)), "identity_key_unknown"],
    ["another gateway", key.sign(claimsOf({ iss: "other" }, NOW)), "identity_issuer"],
    ["another service", key.sign(claimsOf({ aud: "orders.v1.OrderService" }, NOW)), "identity_audience"],
    ["an old token", key.sign(claimsOf({}, NOW - 91_000)), "identity_expired"],
    ["a token of tomorrow", key.sign(claimsOf({}, NOW + 86_400_000)), "identity_not_yet_valid"],
    ["garbage", "x.y.z", "identity_malformed"],
  ];
  it.each(texts)("%s proves nothing", async (_, text, problem) => expect(await verify(await text)).toBe(problem));

  it("props of no gateway change nothing", async () => {
    for (const props of [{}, { caller: "other" }, { caller: ["tidegate"] }, { caller: undefined }, { gateway: "tidegate" }])
      expect(await verify(unsigned(claimsOf({}, NOW)), props)).toBe("identity_unsigned");
  });

  it("nothing is proven without keys", async () => {
    verifier = new IdentityVerifier({ ...settings, keys: undefined });
    expect(await verify(await key.sign(claimsOf({}, NOW)))).toBe("identity_keys_unavailable");
  });
});

describe("over a binding", () => {
  it.each([[GATEWAY], [{ caller: "tidegate-orders" }]])("of %j claims are believed as they are", async (props) => {
    const proven = await verify(unsigned(claimsOf({ aud: "orders.v1.OrderService" }, NOW - 600_000)), props);
    expect(proven).toMatchObject({ caller: { id: "https://issuer.example#ada" } });
  });

  it("no claims mean no credential", async () => {
    expect(await verify(undefined, GATEWAY)).toEqual({
      caller: expect.objectContaining({ kind: "anonymous", id: "", scopes: [] }),
      payload: "",
    });
  });

  it("claims that are none are refused", async () => expect(await verify("x", GATEWAY)).toBe("identity_malformed"));
});
