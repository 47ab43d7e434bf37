// The keys of a Worker: read from its secrets, and published without their private parts.
import { describe, expect, it } from "vitest";
import { keySetRoute, privateKeys } from "../../../../workers/service/identity/key-set.ts";
import { identityKey } from "../../../support/identity.ts";

const [one, two] = [await identityKey("one"), await identityKey("two", 2_000_000_000)];
const secret = ({ jwk }: typeof one) => JSON.stringify(jwk);

describe("secrets", () => {
  it("are one key, or two", () => {
    expect(privateKeys([secret(one), undefined])).toEqual([one.jwk]);
    expect(privateKeys([secret(one), secret(two)])).toEqual([one.jwk, two.jwk]);
  });

  it.each([
    [[undefined], "key 1 of this Worker: found no secret"],
    [["{"], "key 1 of this Worker: found a text that is no private Ed25519 key"],
    [[secret(one), "secret text"], "key 2 of this Worker: found a text"],
    [[JSON.stringify({ ...one.jwk, d: undefined })], "key 1 of this Worker: found a text"],
  ])("%# that are none are refused, without their text", (secrets, problem) => {
    expect(() => privateKeys(secrets)).toThrow(problem);
    expect(() => privateKeys(secrets)).not.toThrow("secret text");
  });
});

it("the route serves public keys to GET and HEAD", async () => {
  const route = keySetRoute([one.jwk, two.jwk]);
  const request = (method: string) => route(new Request("https://a.example/.well-known/tidegate/jwks.json", { method }));
  const { keys } = (await request("GET").json()) as { keys: Record<string, unknown>[] };
  expect(keys.map((key) => Object.keys(key).sort())).toEqual(Array(2).fill(["crv", "from", "kid", "kty", "x"]));
  expect([request("GET").headers.get("cache-control"), request("HEAD").body, request("PUT").status]).toEqual([
    "public, max-age=300",
    null,
    405,
  ]);
});
