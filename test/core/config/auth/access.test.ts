// Settings of Cloudflare Access and of the protected resource.
import { describe, expect, it } from "vitest";
import { parseAccess } from "../../../../core/config/auth/access.ts";
import { defaultResource, parseResource } from "../../../../core/config/auth/resource.ts";
import { parseAuth } from "../../../../core/config/auth.ts";
import type { Checks } from "../../../../core/config/problems.ts";
import { accepted, parsed } from "../settings.ts";

const parser = (check: Checks, value: unknown) => parseAccess(check, "access", value);
const KEY = { kty: "RSA", n: "AA", e: "AQAB" };

describe("Access", () => {
  it("is the team's issuer, whose assertions are signed with RS256 and name an application", () => {
    expect(accepted(parser, undefined)).toBeUndefined();
    expect(accepted(parser, { team: "acme", audiences: ["tag"] })).toEqual({
      ...{ issuer: "https://acme.cloudflareaccess.com", audiences: ["tag"], algorithms: ["RS256"], types: ["jwt", "none"], skewSeconds: 5 },
      ...{ refreshMs: 300_000, refetchMs: 30_000, maxStaleMs: 3_600_000 },
      source: { kind: "jwks", url: "https://acme.cloudflareaccess.com/cdn-cgi/access/certs" },
    });
    const jwks = { keys: [KEY] };
    expect(accepted(parser, { team: "acme", audiences: ["tag"], jwks })?.source).toEqual({ kind: "written", jwks });
  });

  it.each([
    [{ audiences: ["tag"] }, "access.team: found nothing"],
    [{ team: "evil.test/", audiences: ["tag"] }, 'access.team: found "evil.test/"'],
    [{ team: "Acme", audiences: ["tag"] }, 'access.team: found "Acme"'],
    [{ team: "a".repeat(64), audiences: ["tag"] }, "access.team: found"],
    [{ team: "acme" }, "access.audiences: found nothing"],
    [{ team: "acme", audiences: [] }, "access.audiences: found []"],
    [{ team: "acme", audiences: ["a b"] }, 'access.audiences: found ["a b"]'],
    [{ team: "acme", audiences: Array(17).fill("a") }, "access.audiences: found"],
    [{ team: "acme", audiences: ["tag"], jwks: { keys: [] } }, "access.jwks: found"],
  ])("is pinned: not %j", (value, line) =>
    expect(parsed(parser, value).problems.filter((problem) => problem.startsWith(line))).toHaveLength(1),
  );
});

describe("the resource", () => {
  const resource = (check: Checks, value: unknown) => parseResource(check, "resource", value);
  const auth = (check: Checks, value: unknown) => parseAuth(check, "auth", value);
  const issuers = (...audiences: string[]) => ({ issuers: { "https://id.test": { audiences } } });

  it("is an https URL that is written", () => {
    expect(accepted(resource, { url: "https://api.test/v1" })).toBe("https://api.test/v1");
    expect(accepted(resource, undefined)).toBeUndefined();
    for (const url of [undefined, "api.test", "http://api.test", "https://api.test/?a", "https://api.test/#a", 7])
      expect(parsed(resource, { url }).problems[0]).toContain("resource.url: found");
  });

  it("is the first audience that is such a URL where none is written", () => {
    expect(defaultResource(["a", "http://b.test", "https://c.test", "https://d.test"])).toBe("https://c.test");
    expect(accepted(auth, issuers("a", "https://c.test")).resource).toBe("https://c.test");
    expect(accepted(auth, { ...issuers("a"), resource: { url: "https://d.test" } }).resource).toBe("https://d.test");
    expect(accepted(auth, { issuers: { "https://id.test": {} }, resource: { url: "https://d.test" } }).issuers[0]?.audiences).toEqual([
      "https://d.test",
    ]);
    expect(parsed(auth, issuers("a")).problems).toEqual([
      'auth.resource: found nothing; write the public URL of the gateway: { url: "https://api.example.com" }',
    ]);
    expect(accepted(auth, { access: { team: "acme", audiences: ["tag"] } }).resource).toBeUndefined();
  });
});
