// The gateway as a protected resource: where its metadata is, and its challenges.
import { describe, expect, it } from "vitest";
import type { AuthFailure } from "../../../core/auth/refusal.ts";
import { isMetadataPath, metadataOf, metadataUrlOf, resourceChallenge } from "../../../core/auth/resource.ts";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

it.each([
  ["https://api.test", `https://api.test${WELL_KNOWN}`],
  ["https://api.test/", `https://api.test${WELL_KNOWN}`],
  ["https://api.test:8443/v1", `https://api.test:8443${WELL_KNOWN}/v1`],
  ["https://api.test/v1/mcp/", `https://api.test${WELL_KNOWN}/v1/mcp`],
  ["http://localhost:80/a", `http://localhost:80${WELL_KNOWN}/a`],
])("has the metadata of %s at %s", (resource, url) => expect(metadataUrlOf(resource)).toBe(url));

it.each([
  [WELL_KNOWN, true, true],
  [`${WELL_KNOWN}/v1`, true, true],
  [`${WELL_KNOWN}/v1/users.v1.UserService`, true, true],
  [`${WELL_KNOWN}/v2`, true, false],
  [`${WELL_KNOWN}/v10`, true, false],
  [`${WELL_KNOWN}s`, false, false],
  [`/a${WELL_KNOWN}`, false, false],
])("serves it at %s: %j for the whole host, %j for /v1", (path, ofHost, ofPath) => {
  expect([isMetadataPath(path, "https://api.test"), isMetadataPath(path, "https://api.test/v1")]).toEqual([ofHost, ofPath]);
});

it("lists issuers and scopes, and no scopes where there are none", () => {
  const resource = { url: "https://api.test", issuers: ["https://id.test"], scopes: ["a", "b"] };
  const metadata = { resource: "https://api.test", authorization_servers: ["https://id.test"], bearer_methods_supported: ["header"] };
  expect(metadataOf(resource)).toEqual({ ...metadata, scopes_supported: ["a", "b"] });
  expect(metadataOf({ ...resource, scopes: [] })).toEqual(metadata);
});

describe("a challenge", () => {
  const challenge = resourceChallenge("https://api.test");
  const metadata = `resource_metadata="https://api.test${WELL_KNOWN}"`;
  const failed = (reason: AuthFailure["reason"]) => challenge({ kind: "unauthenticated", reason });

  it("has an error only where a token came", () => {
    for (const reason of ["credential_missing", "credential_scheme", "too_many_failures"] as const)
      expect(failed(reason)).toBe(`Bearer ${metadata}`);
    for (const reason of ["jwt_expired", "credential_malformed", "two_credentials"] as const)
      expect(failed(reason)).toBe(`Bearer error="invalid_token", ${metadata}`);
  });

  it("names the scopes of a method that needs more, and says nothing of other denials", () => {
    const denied = (scopes?: string[]) => challenge({ kind: "permission_denied", reason: "scope_missing", ...(scopes && { scopes }) });
    expect(denied(["a", "b"])).toBe(`Bearer error="insufficient_scope", scope="a b", ${metadata}`);
    expect(denied()).toBeUndefined();
  });
});
