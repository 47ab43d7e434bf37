// What stands in gateway.config.ts for the OpenAPI document: its title, contact, servers and credentials.
import { describe, expect, it } from "vitest";
import { parseOpenApi } from "../../../core/config/openapi.ts";
import type { Checks } from "../../../core/config/problems.ts";
import { accepted, itKnowsItsFields, parsed } from "./settings.ts";

const parser = (check: Checks, value: unknown) => parseOpenApi(check, "openapi", value);
const problems = (value: unknown) => parsed(parser, value).problems;
const NOT_EMPTY = "write text that is not empty, or remove it";

describe("the settings of the OpenAPI document", () => {
  itKnowsItsFields(parser, "openapi", ["title", "version", "description", "contact", "license", "servers", "security"]);

  it("are empty by default, with the document's own origin as its server", () => {
    const empty = { title: undefined, version: undefined, description: undefined, contact: undefined, license: undefined };
    for (const value of [undefined, {}]) expect(accepted(parser, value)).toEqual({ ...empty, servers: ["/"], security: {} });
  });

  it.each(["title", "version", "description"] as const)("take a text for %s", (field) => {
    expect(accepted(parser, { [field]: "a" })[field]).toBe("a");
    for (const written of ["", 7, null, ["a"]]) {
      const { policy, problems } = parsed(parser, { [field]: written });
      expect(problems).toEqual([`openapi.${field}: found ${JSON.stringify(written)}; ${NOT_EMPTY}`]);
      expect(policy[field]).toBeUndefined();
    }
  });

  it("name a contact and a license, which has a name", () => {
    const contact = { name: "a", url: "b", email: "c" };
    const license = { name: "a", identifier: "b", url: "c" };
    expect(accepted(parser, { contact, license })).toMatchObject({ contact, license });
    expect(accepted(parser, { contact: {}, license: { name: "a" } })).toMatchObject({ contact: {}, license: { name: "a" } });
    expect(accepted(parser, { contact: { email: "c" } }).contact).toStrictEqual({ email: "c" }); // no keys of what is not written
    expect(problems({ license: { url: "c" } })).toEqual(['openapi.license.name: found nothing; name the license: "Apache-2.0"']);
    expect(problems({ license: { name: "a", identifier: "" } })).toEqual([`openapi.license.identifier: found ""; ${NOT_EMPTY}`]);
    expect(problems({ contact: { email: 7 } })).toEqual([`openapi.contact.email: found 7; ${NOT_EMPTY}`]);
    expect(problems({ contact: { phone: "1" } })).toEqual([
      'openapi.contact.phone: found "1"; remove it, or write one of "name", "url", "email"',
    ]);
    expect(problems({ license: { name: "a", qqqqqqqqq: 1 } })).toEqual([
      'openapi.license.qqqqqqqqq: found 1; remove it, or write one of "name", "identifier", "url"',
    ]);
    expect(problems({ contact: "a" })).toEqual(['openapi.contact: found "a"; write an object: { ... }']);
  });

  it.each(["https://api.example.com", "http://a:8080/base", "https://a/", "/", "/base/v1"])("take the server %s", (url) =>
    expect(accepted(parser, { servers: [url, "/x"] }).servers).toEqual([url, "/x"]),
  );

  it.each([
    "",
    "a",
    "ftp://a",
    "https://",
    "https:///a",
    "https://a?b",
    "https://a/#b",
    "https://a b",
    "/a b",
    "/a?b",
    "xhttps://a",
    7,
    null,
  ])("refuse the server %j", (url) => {
    const { policy, problems } = parsed(parser, { servers: ["/x", url] });
    expect(problems).toEqual([
      `openapi.servers: found ${JSON.stringify(["/x", url])}; write a list of base URLs: ["https://api.example.com"]`,
    ]);
    expect(policy.servers).toEqual(["/"]);
  });

  it("refuse servers that are no list, or an empty one", () => {
    for (const servers of [[], "/", {}])
      expect(problems({ servers })).toEqual([
        `openapi.servers: found ${JSON.stringify(servers)}; write a list of base URLs: ["https://api.example.com"]`,
      ]);
  });
});

describe("a security scheme of the OpenAPI document", () => {
  const scheme = (value: unknown) => parsed(parser, { security: { a: value } });

  it.each([
    { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "d" },
    { type: "http", scheme: "basic" },
    { type: "apiKey", in: "header", name: "x-key", description: "d" },
    { type: "apiKey", in: "query", name: "key" },
    { type: "apiKey", in: "cookie", name: "key" },
    { type: "openIdConnect", openIdConnectUrl: "https://a", description: "d" },
    { type: "mutualTLS", description: "d" },
    { type: "mutualTLS" },
  ])("is %j", (value) => expect(scheme(value)).toMatchObject({ problems: [], policy: { security: { a: value } } }));

  it.each([
    [{ type: "http" }, 'a.scheme: found nothing; a scheme of type "http" has it'],
    [{ type: "apiKey", name: "k" }, 'a.in: found nothing; a scheme of type "apiKey" has it'],
    [{ type: "apiKey", in: "query" }, 'a.name: found nothing; a scheme of type "apiKey" has it'],
    [{ type: "openIdConnect" }, 'a.openIdConnectUrl: found nothing; a scheme of type "openIdConnect" has it'],
    [{ type: "http", scheme: "digest" }, 'a.scheme: found "digest"; write "bearer" or "basic"'],
    [{ type: "apiKey", in: "body", name: "k" }, 'a.in: found "body"; write "header" or "query" or "cookie"'],
    [{ type: "http", scheme: 7 }, `a.scheme: found 7; write "bearer" or "basic"`],
    [
      { type: "http", scheme: "basic", name: "k" },
      'a.name: found "k"; remove it, or write one of "type", "scheme", "bearerFormat", "description"',
    ],
    [{ type: "mutualTLS", scheme: "basic" }, 'a.scheme: found "basic"; remove it, or write one of "type", "description"'],
    [{ type: "oauth2" }, 'a.type: found "oauth2"; write "http" or "apiKey" or "openIdConnect" or "mutualTLS"'],
    [{ type: "toString" }, 'a.type: found "toString"; write "http" or "apiKey" or "openIdConnect" or "mutualTLS"'],
    [{ type: 7 }, 'a.type: found 7; write "http" or "apiKey" or "openIdConnect" or "mutualTLS"'],
    [null, 'a.type: found nothing; write "http" or "apiKey" or "openIdConnect" or "mutualTLS"'],
  ])("is not %j", (value, line) => expect(scheme(value).problems).toEqual([`openapi.security.${line}`]));

  it("has a name of letters, digits, dots, underscores and hyphens", () => {
    const value = { type: "mutualTLS" };
    for (const name of ["a", "A.b_c-9"]) expect(accepted(parser, { security: { [name]: value } }).security).toEqual({ [name]: value });
    for (const name of ["", "a b", "ä", "a/b"])
      expect(problems({ security: { [name]: value } })).toEqual([
        `openapi.security[${JSON.stringify(name)}]: found ${JSON.stringify(name)}; name it with letters, digits, '.', '_' and '-'`,
      ]);
    expect(problems({ security: [] })).toEqual(["openapi.security: found []; write an object: { ... }"]);
  });
});
