// Components that are derived from a message, by the examples of RFC 9421.
import { describe, expect, it } from "vitest";
import { signedAuthority } from "../../../../core/auth/signature/derived-component.ts";
import { baseOf, lineOf } from "../../../support/signature-bases.ts";

describe("derived components", () => {
  it.each([
    ['"@method"', "POST"],
    ['"@target-uri"', "https://www.example.com/path?param=value"],
    ['"@authority"', "www.example.com"],
    ['"@scheme"', "https"],
    ['"@request-target"', "/path?param=value"],
    ['"@path"', "/path"],
    ['"@query"', "?param=value"],
    ['"@query-param";name="param"', "value"],
  ])("%s is %s, as in section 2.2", (component, value) => {
    expect(lineOf(component, { query: "?param=value" })).toBe(value);
  });

  it("covers an empty query as a question mark", () => {
    expect(lineOf('"@query"')).toBe("?");
    expect(lineOf('"@request-target"')).toBe("/path");
  });

  it.each([
    ["param", "value"],
    ["baz", "batman"],
    ["qux", ""],
    ["var", "this%20is%20a%20big%0Amultiline%20value"],
    ["bar", "with%20plus%20whitespace"],
    ["fa%C3%A7ade%22%3A%20", "something"],
    ["marks", "%21%27%28%29%7E*-._"],
    ["bad", "%"],
    ["flag", ""],
  ])("re-encodes the parameter %s of a query as section 2.2.8 does", (name, value) => {
    const query = `?param=value&foo=a&foo=b&baz=batman&qux=&var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&marks=!'()~*-._&bad=%&flag`;
    expect(lineOf(`"@query-param";name="${name}"`, { query })).toBe(value);
    expect(lineOf('"@query-param";name="foo"', { query })).toBe("signature_component_unsupported");
    expect(lineOf('"@query-param";name="none"', { query })).toBe("signature_component_absent");
  });

  it.each([
    ['"@method";req', "signature_component_unsupported"],
    ['"@query-param"', "signature_component_unsupported"],
    ['"@query-param";name=tok', "signature_component_unsupported"],
    ['"@query-param";name="a";tr', "signature_component_unsupported"],
    ['"@status"', "signature_component_absent"],
    ['"@signature-params"', "signature_component_unsupported"],
    ['"@Method"', "signature_component_unsupported"],
    ['"@other"', "signature_component_unsupported"],
  ])("refuses %s: %s", (component, reason) => {
    expect(baseOf(component, { query: "?a=1" })).toBe(reason);
  });

  it("covers the status of a response", () => {
    expect(lineOf('"@status"', { status: 200 })).toBe("200");
  });
});

describe("the authority", () => {
  it.each([
    ["https", "WWW.Example.COM", "www.example.com"],
    ["https", "example.com:443", "example.com"],
    ["https", "example.com:80", "example.com:80"],
    ["http", "example.com:80", "example.com"],
    ["http", "example.com:443", "example.com:443"],
    ["https", "example.com:4430", "example.com:4430"],
  ] as const)("of %s://%s is %s", (scheme, host, authority) => {
    expect(signedAuthority(scheme, host)).toBe(authority);
  });
});
