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
      ...{ from: { name: "tidegate", before: [] }, isFromGateway: true, claims: undefined, payload: "" },
    });
    expect(await verify(undefined, { caller: "tidegate-orders" })).toMatchObject({
      from: { name: "tidegate-orders" },
      isFromGateway: false,
    });
  });

  it("props name the calling Worker, and the claims those before it, which a gateway has none of", async () => {
    const act = { sub: "tidegate-cart", act: { sub: "tidegate-web" } };
    const stated = unsigned(claimsOf({ act }, NOW));
    expect(await verify(stated, { caller: "tidegate-orders" })).toMatchObject({
      from: { name: "tidegate-orders", before: ["tidegate-cart", "tidegate-web"] },
    });
    expect(await verify(stated, GATEWAY)).toBe("identity_actor");
  });

  it("claims that are none are refused", async () => expect(await verify("x", GATEWAY)).toBe("identity_malformed"));
});

describe("a Worker that signs", () => {
  const [orders, cart] = [other, stranger];
  const workerKeys = new Map([
    ["tidegate-orders", keySetOf(orders)],
    ["tidegate-cart", keySetOf(cart)],
  ]);
  const act = { sub: "tidegate-orders", act: { sub: "tidegate-web" } };
  const byOrders = (overrides: object = {}) => claimsOf({ iss: "tidegate-orders", act, ...overrides }, NOW);
  beforeEach(() => {
    verifier = new IdentityVerifier({ ...settings, callers: ["tidegate-orders", "tidegate-cart", "tidegate-bound"], workerKeys });
  });

  it("proves itself and the caller that it states, again and again", async () => {
    const token = await orders.sign(byOrders());
    const proven = await verify(token);
    expect(proven).toMatchObject({
      caller: { id: "https://issuer.example#ada" },
      ...{ from: { name: "tidegate-orders", before: ["tidegate-web"] }, isFromGateway: false },
    });
    expect(await verify(token)).toBe(proven);
    expect(await verify(token, undefined, NOW + 91_000)).toBe("identity_expired");
  });

  const texts: readonly (readonly [string, Promise<string>, string])[] = [
    ["for another Worker", orders.sign(byOrders({ iss: "tidegate-cart" })), "identity_actor"],
    ["for another Worker, wholly", orders.sign(byOrders({ iss: "tidegate-cart", act: { sub: "tidegate-cart" } })), "identity_key_unknown"],
    ["for the gateway", orders.sign(claimsOf({}, NOW)), "identity_key_unknown"],
    [
      "as a Worker that only calls over bindings",
      orders.sign(byOrders({ iss: "tidegate-bound", act: { sub: "tidegate-bound" } })),
      "identity_issuer",
    ],
    ["as a Worker that is not listed", orders.sign(byOrders({ iss: "tidegate-x", act: { sub: "tidegate-x" } })), "identity_issuer"],
    ["without an actor", orders.sign(byOrders({ act: undefined })), "identity_actor"],
    ["for another actor", orders.sign(byOrders({ act: { sub: "tidegate-cart" } })), "identity_actor"],
    [
      "with its own name second",
      orders.sign(byOrders({ act: { sub: "tidegate-cart", act: { sub: "tidegate-orders" } } })),
      "identity_actor",
    ],
    ["with the key of the gateway", key.sign(byOrders()), "identity_key_unknown"],
    ["with a foreign key of the right id", stranger.sign(byOrders()), "identity_key_unknown"],
    ["for another service", orders.sign(byOrders({ aud: "orders.v1.OrderService" })), "identity_audience"],
    ["a while ago", orders.sign(claimsOf({ iss: "tidegate-orders", act }, NOW - 91_000)), "identity_expired"],
    ["for an hour", orders.sign({ ...byOrders(), exp: Math.floor(NOW / 1_000) + 3_600 }), "identity_lifetime"],
  ];
  it.each(texts)("%s proves nothing", async (_, text, problem) => expect(await verify(await text)).toBe(problem));

  it("a gateway that names an actor is not believed", async () =>
    expect(await verify(await key.sign(claimsOf({ act: { sub: "tidegate-orders" } }, NOW)))).toBe("identity_actor"));

  it("has another name than the gateway", () => {
    const callers = ["tidegate"];
    expect(() => new IdentityVerifier({ ...settings, callers })).toThrow('identity.callers: found "tidegate", the name of the gateway');
  });
});
