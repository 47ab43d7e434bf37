// Public keys, and where they may come from.
import { expect, it } from "vitest";
import { isKeyUrl, isPublicKey } from "../../../../core/auth/jwt/public-key.ts";

it.each([
  ["https://id.test/keys", true],
  ["https://id.test:8443/a/b", true],
  ["https://id.test", true],
  ["http://localhost:80/keys", true],
  ["http://127.0.0.1:9/keys", true],
  ["http://[::1]:9/keys", true],
  ["http://id.test/keys", false],
  ["http://localhost.evil.test/keys", false],
  ["http://127.0.0.1.evil.test/", false],
  ["https://user@id.test/keys", false],
  ["https://id.test/keys?x=1", false],
  ["https://id.test/keys#x", false],
  ["https://id.test\\@evil.test/", false],
  ["ftp://id.test/keys", false],
  [`https://id.test/${"a".repeat(2_032)}`, true],
  [`https://id.test/${"a".repeat(2_033)}`, false],
  ["", false],
])("come by TLS, or from this machine: %.40s is %j", (url, isOne) => expect(isKeyUrl(url)).toBe(isOne));

it.each([
  [{ kty: "EC" }, true],
  [{ kty: "OKP", kid: "a" }, true],
  [{ kty: "RSA", kid: "a".repeat(256) }, true],
  [{ kty: "RSA", kid: "a".repeat(257) }, false],
  [{ kty: "RSA", kid: "" }, false],
  [{ kty: "RSA", kid: 7 }, false],
  [{ kty: "oct" }, false],
  [{ kty: "EC", d: "AA" }, false],
  [{ kty: "RSA", p: "AA" }, false],
  [{ kty: "RSA", q: "AA" }, false],
  [{ kty: "EC", k: "AA" }, false],
  [{}, false],
  [null, false],
  ["EC", false],
])("are of a kind that can only verify: %.40j is %j", (key, isOne) => expect(isPublicKey(key)).toBe(isOne));
