// Signed requests through the whole gateway: which count, and that the upstream gets nothing of the others.
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { gatewayTo, rest, unary, userFor } from "../../../../support/gateway.ts";
import { digestOf, HMAC_SECRET, SIGNATURES, type Signing, signed } from "../../../../support/signed-requests.ts";
import descriptors from "../../../../support/uploads/uploads.descriptors.ts";

afterEach(() => void vi.restoreAllMocks());

let networks = 0;

function gateway(signatures: object = {}, more: object = {}) {
  const bodies: string[] = [];
  const reasons: string[] = [];
  vi.spyOn(console, "warn").mockImplementation((line: string) => {
    const { event, reason } = JSON.parse(line);
    if (event === "auth_refused") reasons.push(reason);
  });
  const serve = gatewayTo(
    async (request) => {
      bodies.push(await request.clone().text());
      return userFor(request);
    },
    {
      auth: { signatures: { ...SIGNATURES, ...signatures } },
      defaults: { auth: "required" },
      httpRoutes: { "/files/": { upstream: { binding: "USERS" } } },
      ...more,
    },
    { PARTNER_KEY: HMAC_SECRET, NONCE_LOG: env.NONCE_LOG },
  );
  /** Each call comes from another network: failures of one do not count for the next. */
  const call = async (request: Request, signing: Signing = {}) => {
    const headers = { "cf-connecting-ip": `2001:db8:0:${(networks++).toString(16)}::1`, ...signing.headers };
    return (await serve(await signed(request, { ...signing, headers }))).status;
  };
  return { serve, call, bodies, reasons };
}

describe("a signed request", () => {
  it.each(["ed25519", "hmac"] as const)("counts with %s, in every protocol, and its body arrives", async (key) => {
    const { call, bodies } = gateway();
    expect(await call(unary("GetUser", { id: "a" }), { key })).toBe(200);
    expect(await call(rest("GET", "/api/v1/users/x"), { key })).toBe(200);
    expect(await call(rest("POST", "/files/a%20b?c=d&c=%2f", "text"), { key })).toBe(200);
    expect([bodies[0], bodies[2]]).toEqual([JSON.stringify({ id: "a" }), "text"]);
  });

  it("has the scopes of its key", async () => {
    const { call, reasons } = gateway({}, { defaults: { auth: "required", scopes: ["users.read"] } });
    expect([await call(unary("GetUser"), { key: "ed25519" }), await call(unary("GetUser"), { key: "hmac" })]).toEqual([200, 403]);
    expect(reasons).toEqual(["scope_missing"]);
  });

  it("may have a body of which nothing else would be read whole", async () => {
    const { call, bodies } = gateway({}, { httpRoutes: { "/files/": { upstream: { binding: "USERS" }, maxBodyBytes: 4_000_000 } } });
    const large = "x".repeat(3_000_000);
    expect(await call(rest("POST", "/files/a", large))).toBe(200);
    expect(bodies[0]).toHaveLength(large.length);
    expect(await call(rest("POST", "/files/a", large), { digest: await digestOf("other") })).toBe(401);
    expect(bodies).toHaveLength(1);
  });

  it("covers its body with each digest that is known", async () => {
    const { call } = gateway();
    const [both, one] = await Promise.all([digestOf("{}", "SHA-512"), digestOf("{}")]);
    expect(await call(unary("GetUser", "{}"), { digest: `${both}, ${one}, md5=:aGk=:` })).toBe(200);
    expect(await call(unary("GetUser", "{}"), { digest: `${both}, ${await digestOf("x")}` })).toBe(401);
  });

  it.each<[string, () => Request, Signing, string]>([
    ["a key that is not known", () => unary("GetUser"), { parameters: { keyid: "none" } }, "signature_key_unknown"],
    ["no key", () => unary("GetUser"), { parameters: { keyid: undefined } }, "signature_key_missing"],
    ["another secret", () => unary("GetUser"), { key: { secret: btoa("x".repeat(32)) } }, "signature_invalid"],
    ["the algorithm of another key", () => unary("GetUser"), { parameters: { alg: "hmac-sha256" } }, "signature_algorithm"],
    ["the key of another algorithm", () => unary("GetUser"), { key: "hmac", parameters: { keyid: "key-ed25519" } }, "signature_invalid"],
    ["an old signature", () => unary("GetUser"), { parameters: { created: 1_618_884_473 } }, "signature_expired"],
    ["no time", () => unary("GetUser"), { parameters: { created: undefined } }, "signature_created_missing"],
    [
      "a body that nothing covers",
      () => unary("GetUser"),
      { components: ['"@method"', '"@authority"', '"@path"', '"@query"'] },
      "signature_component_missing",
    ],
    [
      "a path that nothing covers",
      () => rest("GET", "/files/a"),
      { components: ['"@method"', '"@authority"', '"@query"'] },
      "signature_component_missing",
    ],
    ["the method of another request", () => rest("GET", "/files/a"), { values: { '"@method"': "POST" } }, "signature_invalid"],
    ["the host of another request", () => rest("GET", "/files/a"), { values: { '"@authority"': "other.example" } }, "signature_invalid"],
    ["the path of another request", () => rest("GET", "/files/a"), { values: { '"@path"': "/files/b" } }, "signature_invalid"],
    ["the query of another request", () => rest("GET", "/files/a?b=1"), { values: { '"@query"': "?b=2" } }, "signature_invalid"],
    [
      "a component of a trailer",
      () => rest("GET", "/files/a"),
      { components: ['"@method"', '"@authority"', '"@path"', '"@query"', '"x";tr'] },
      "signature_component_unsupported",
    ],
    [
      "a component twice",
      () => rest("GET", "/files/a"),
      { components: ['"@method"', '"@authority"', '"@path"', '"@query"', '"@path"'] },
      "signature_component_repeated",
    ],
    [
      "a digest of another body",
      () => unary("GetUser"),
      { digest: "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:" },
      "signature_digest_mismatch",
    ],
    ["a digest that is not known", () => unary("GetUser"), { digest: "md5=:aGk=:" }, "signature_digest_unsupported"],
  ])("is refused with %s, and the upstream gets nothing", async (_, request, signing, reason) => {
    const { call, bodies, reasons } = gateway();
    expect(await call(request(), signing)).toBe(401);
    expect([reasons, bodies]).toEqual([[reason], []]);
  });

  it("is refused where its parts do not fit", async () => {
    const { serve, reasons, bodies } = gateway();
    const request = await signed(unary("GetUser"));
    const change = async (name: string, value: string | null) => {
      const headers = new Headers(request.headers);
      headers.set("cf-connecting-ip", `2001:db8:1:${(networks++).toString(16)}::1`);
      if (value === null) headers.delete(name);
      else headers.set(name, value);
      return (await serve(new Request(request.clone(), { headers }))).status;
    };
    const input = request.headers.get("signature-input")!;
    for (const [name, value] of [
      ["signature", null],
      ["signature-input", null],
      ["signature", "sig1=:aGk=:"],
      ["signature", "other=:aGk=:"],
      ["signature-input", `${input}, sig2=()`],
      ["signature-input", `${input};x="${"y".repeat(3_000)}"`],
    ] as const)
      expect(await change(name, value)).toBe(401);
    expect(bodies).toEqual([]);
    expect(reasons).toEqual(["signature_malformed", "signature_invalid", "signature_multiple", "signature_too_large"]);
  });

  it("is refused where its body is a stream of messages", async () => {
    const uploads = { descriptors: [descriptors], services: { "uploads.v1.UploadService": { upstream: { binding: "USERS" } } } };
    const { call, reasons, bodies } = gateway({}, uploads);
    const stream = new Request("https://gateway.example/uploads.v1.UploadService/Import", {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: new Uint8Array(5),
    });
    expect(await call(stream)).toBe(200); // the end of the stream has the error
    expect([reasons, bodies]).toEqual([["signature_stream"], []]);
  });

  it("is one credential: a token beside it is another one", async () => {
    const { AUTH, bearer } = await import("../../../../support/callers.ts");
    const { call, reasons } = gateway({}, { auth: { ...AUTH, signatures: SIGNATURES } });
    expect(await call(unary("GetUser"), { headers: await bearer("ada") })).toBe(401);
    expect(reasons).toEqual(["two_credentials"]);
  });
});

describe("a nonce", () => {
  const nonce = (value: string): Signing => ({ parameters: { nonce: value } });

  it("is used once, for each key by itself", async () => {
    const { call, reasons } = gateway();
    const get = () => rest("GET", "/files/a");
    expect([await call(get(), nonce("a")), await call(get(), nonce("a")), await call(get(), nonce("b"))]).toEqual([200, 401, 200]);
    expect(await call(get(), { key: "hmac", ...nonce("a") })).toBe(200);
    expect([await call(get()), await call(get())]).toEqual([200, 200]); // no nonce, nothing to be repeated
    expect(reasons).toEqual(["signature_nonce_repeated"]);
  });

  it("of a signature that does not count is not used up", async () => {
    const { call } = gateway();
    expect(await call(rest("GET", "/files/a"), { ...nonce("a"), values: { '"@path"': "/files/b" } })).toBe(401);
    expect(await call(rest("GET", "/files/a"), nonce("a"))).toBe(200);
  });

  it("is used once in all isolates where replay is strict, and required there", async () => {
    const replay = { replay: "strict", keys: { ...SIGNATURES.keys, [crypto.randomUUID()]: SIGNATURES.keys["key-ed25519"] } };
    const unique = nonce(crypto.randomUUID());
    const [one, other] = [gateway(replay), gateway(replay)];
    const get = () => rest("GET", "/files/a");
    expect([await one.call(get(), unique), await other.call(get(), unique), await other.call(get())]).toEqual([200, 401, 401]);
    expect(other.reasons).toEqual(["signature_nonce_repeated", "signature_nonce_missing"]);
  });
});
