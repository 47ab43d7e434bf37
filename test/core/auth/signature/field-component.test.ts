// Components that are fields, by the examples of RFC 9421.
import { describe, expect, it } from "vitest";
import { baseOf, lineOf } from "../../../support/signature-bases.ts";

describe("fields", () => {
  const fields = [
    ["x-ows-header", "  Leading and trailing whitespace.  "],
    ["x-empty-header", ""],
    ["cache-control", "max-age=60, must-revalidate"],
    ["example-dict", "a=1, b=2;x=1;y=2, c=(a   b    c), d"],
    ["priority", "  u=1,   i"],
    ["cache-status", "a; hit ,  b"],
    ["client-cert", "  :aGk:  "],
    ["client-cert-chain", ":aGk:,:aGk=:"],
    ["repr-digest", "=broken"],
    ["twice", "a=1, a=2"],
  ] as const;

  it.each([
    ['"x-ows-header"', "Leading and trailing whitespace."],
    ['"x-empty-header"', ""],
    ['"cache-control"', "max-age=60, must-revalidate"],
    ['"example-dict";key="a"', "1"],
    ['"example-dict";key="d"', "?1"],
    ['"example-dict";key="b"', "2;x=1;y=2"],
    ['"example-dict";key="c"', "(a b c)"],
    ['"priority";sf', "u=1, i"],
    ['"priority"', "u=1,   i"],
    ['"priority";sf;key="u"', "1"],
    ['"cache-status";sf', "a;hit, b"],
    ['"client-cert";sf', ":aGk=:"],
    ['"client-cert-chain";sf', ":aGk=:, :aGk=:"],
  ])("%s is %s", (component, value) => {
    expect(lineOf(component, { fields })).toBe(value);
  });

  it.each([
    ['"missing"', "signature_component_absent"],
    ['"example-dict";key="z"', "signature_component_absent"],
    ['"repr-digest";key="z"', "signature_component_absent"],
    ['"twice";key="a"', "signature_component_absent"],
    ['"example-dict";key=a', "signature_component_unsupported"],
    ['"example-dict";sf', "signature_component_unsupported"],
    ['"repr-digest";sf', "signature_component_unsupported"],
    ['"priority";sf=?0', "signature_component_unsupported"],
    ['"cache-control";bs', "signature_component_unsupported"],
    ['"cache-control";tr', "signature_component_unsupported"],
    ['"cache-control";req', "signature_component_unsupported"],
    ['"priority";sf;bs', "signature_component_unsupported"],
    ['"priority";key="u";req', "signature_component_unsupported"],
    ['"Cache-Control"', "signature_component_unsupported"],
  ])("refuses %s: %s", (component, reason) => {
    expect(baseOf(component, { fields })).toBe(reason);
  });

  it.each(["a\nb", "a\u0000", "\u00e9", "\u007f", "a\rb"])("refuses a value that is no ASCII text, %j", (value) => {
    expect(baseOf('"x-a"', { fields: [["x-a", value]] })).toBe("signature_component_unsupported");
  });

  it("accepts a tab, which a field may have", () => {
    expect(lineOf('"x-a"', { fields: [["x-a", "a\tb~"]] })).toBe("a\tb~");
  });
});
