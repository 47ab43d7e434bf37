// What `npm run check` shows of identity.
import { expect, it } from "vitest";
import { identityNotes } from "../../../cli/project/identity.ts";

const notesOf = (input: object) => identityNotes({ services: { S: { upstream: { binding: "S" } } }, ...input });

const JWKS = { keys: [{ kty: "EC", crv: "P-256", x: "x", y: "y" }] };

it("says nothing where nothing is configured, or not rightly", () => {
  expect(notesOf({})).toEqual([]);
  for (const settings of [undefined, null, {}, { services: { S: null } }, { services: { S: 7 } }])
    expect(identityNotes(settings)).toEqual([]);
});

it("has a line for each kind of credential, and one for the routes", () => {
  const auth = {
    issuers: {
      "https://id.test": { audiences: ["https://api.test", "b"] },
      "urn:x": { audiences: ["b"], jwks: JWKS, algorithms: ["PS256"] },
    },
    access: { team: "acme", audiences: ["tag"] },
    certificates: true,
  };
  const services = {
    S: { upstream: { binding: "S" }, auth: "required", methods: { A: { auth: "off" }, B: { auth: { callers: "required", percent: 10 } } } },
  };
  expect(notesOf({ auth, services, httpRoutes: { "/a/": { upstream: { binding: "S" } } } })).toEqual([
    "identity: JWTs of https://id.test (ES256, RS256, EdDSA) for https://api.test, b, keys from https://id.test/.well-known/openid-configuration",
    "identity: JWTs of urn:x (PS256) for b, keys of the configuration",
    "identity: Cloudflare Access of https://acme.cloudflareaccess.com for tag: ctx.access, else the assertion",
    "identity: TLS client certificates that the edge has verified",
    "identity: protected resource https://api.test",
    "identity: S: required; A off; B required (for 10 % of callers)",
    "identity: /a/: optional",
  ]);
});
