// Identity providers as they are: down, slow, with HTML instead of keys, with redirects, too large, under another name, and rotating.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FaultBench, startFaultBench } from "../faults/bench.ts";

const AUDIENCE = "https://api.test";
const PATH = "/users.v1.UserService/GetUser";

interface Key {
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

async function newKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" }, privateKey };
}

const [first, second] = [await newKey("first"), await newKey("second")];
let rotating = [first.jwk];
const requests = new Map<string, number>(); // keyed by path
const open = new Set<ServerResponse>(); // responses that never end

/** The provider: each path is another kind of one. */
const provider = createServer((request, response) => {
  const path = request.url ?? "";
  requests.set(path, (requests.get(path) ?? 0) + 1);
  const origin = `http://${request.headers.host}`;
  const json = (value: unknown) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
  const keys = { keys: [first.jwk] };
  switch (path) {
    case "/good/.well-known/openid-configuration":
      return json({ issuer: `${origin}/good`, jwks_uri: `${origin}/keys` });
    case "/other/.well-known/openid-configuration":
      return json({ issuer: `${origin}/good`, jwks_uri: `${origin}/keys` });
    case "/keys":
      return json(keys);
    case "/rotating":
      return json({ keys: rotating });
    case "/html":
      return response.writeHead(200, { "content-type": "text/html" }).end("<html>please log in</html>");
    case "/redirect":
      return response.writeHead(302, { location: "/keys" }).end();
    case "/error":
      return response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(keys));
    case "/large":
      return json({ ...keys, pad: "x".repeat(262_144) });
    case "/empty":
      return json({ keys: [] });
    case "/slow-body":
      return response.writeHead(200, { "content-type": "application/json" }).write('{"keys":[');
    default:
      return open.add(response); // "/hang"
  }
});

let bench: FaultBench;
let origin = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  const kinds = ["html", "redirect", "error", "large", "empty", "hang", "slow-body"];
  const issuers = Object.fromEntries([
    ...["good", "other"].map((kind) => [`${origin}/${kind}`, { audiences: [AUDIENCE] }]),
    ...kinds.map((kind) => [`${origin}/${kind}`, { audiences: [AUDIENCE], jwksUrl: `${origin}/${kind}` }]),
    ["urn:down", { audiences: [AUDIENCE], jwksUrl: "http://127.0.0.1:9/keys" }],
    ["urn:rotating", { audiences: [AUDIENCE], jwksUrl: `${origin}/rotating`, refetchSeconds: 1, refreshSeconds: 3_600 }],
  ]);
  bench = await startFaultBench({
    config: (url) => ({
      auth: { issuers },
      defaults: { auth: "required" },
      services: { "users.v1.UserService": { upstream: { url } } },
    }),
  });
});
afterAll(() => {
  for (const response of open) response.destroy();
  bench?.stop();
  provider.closeAllConnections();
  provider.close();
});

function tokenOf(issuer: string, { jwk, privateKey }: Key, kid = jwk.kid!): Promise<string> {
  const token = new SignJWT({ iss: issuer, aud: AUDIENCE, sub: "ada" }).setExpirationTime("1h");
  return token.setProtectedHeader({ alg: "ES256", typ: "JWT", kid }).sign(privateKey);
}

let addresses = 0;

/** Each call from an address of its own: failures are counted by address. */
async function statusOf(token: string): Promise<number> {
  addresses += 1;
  const address = `10.0.${Math.floor(addresses / 250)}.${addresses % 250}`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}`, "cf-connecting-ip": address };
  const response = await fetch(`${bench.gateway.origin}${PATH}`, { method: "POST", headers, body: "{}" });
  await response.arrayBuffer();
  return response.status;
}

const eventually = (token: string, status: number) => expect.poll(() => statusOf(token), { timeout: 120_000, interval: 200 }).toBe(status);

it("takes the keys of a provider that its metadata names, once for all callers, while others are down", async () => {
  await eventually(await tokenOf(`${origin}/good`, first), 200);
  for (let call = 0; call < 5; call++) expect(await statusOf(await tokenOf(`${origin}/good`, first))).toBe(200);
  expect([requests.get("/good/.well-known/openid-configuration"), requests.get("/keys")]).toEqual([1, 1]);
});

it.each(["html", "redirect", "error", "large", "empty", "hang", "slow-body", "other"])(
  "responds with unavailable where the provider is: %s",
  async (kind) => {
    expect(await statusOf(await tokenOf(`${origin}/${kind}`, first))).toBe(503);
  },
);

it("responds with unavailable where the provider is down, and logs what is wrong", async () => {
  expect(await statusOf(await tokenOf("urn:down", first))).toBe(503);
  const reasons = [
    "no response within 5000 ms",
    "is no JSON, but text/html",
    "status 302",
    "status 500",
    "larger than 262144 bytes",
    "no public key",
    "another issuer",
  ];
  await expect.poll(() => reasons.filter((reason) => !bench.log.some((line) => line.includes(reason))), { timeout: 60_000 }).toEqual([]);
  expect(bench.log.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

it("follows a rotation: tokens of the new key count, and those of a key that is gone do not, though they were verified", async () => {
  const old = await tokenOf("urn:rotating", first);
  await eventually(old, 200);
  expect(await statusOf(old)).toBe(200);
  rotating = [first.jwk, second.jwk];
  await eventually(await tokenOf("urn:rotating", second), 200);
  expect(await statusOf(old)).toBe(200); // both are valid
  rotating = [second.jwk];
  const made = async () => statusOf(await tokenOf("urn:rotating", first, `made-up-${Math.random()}`)); // has the keys fetched again
  await expect.poll(async () => [await made(), await statusOf(old)], { timeout: 120_000, interval: 500 }).toEqual([401, 401]);
  expect(await statusOf(await tokenOf("urn:rotating", second))).toBe(200);
});

it("fetches no keys for each key that callers make up", async () => {
  const before = requests.get("/rotating")!;
  const startedAt = performance.now();
  for (let call = 0; call < 60; call++) expect(await statusOf(await tokenOf("urn:rotating", second, `made-up-${call}`))).toBe(401);
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(requests.get("/rotating")! - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1); // one a second, as configured
});

it("goes on with the keys that it has where the provider goes down", async () => {
  provider.closeAllConnections();
  await new Promise<void>((resolve) => provider.close(() => resolve()));
  expect(await statusOf(await tokenOf(`${origin}/good`, first))).toBe(200);
  expect(await statusOf(await tokenOf(`${origin}/good`, second, "not-there"))).toBe(401);
});
