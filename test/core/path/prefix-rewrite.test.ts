// Prefixes of paths: what may be rewritten, and what comes back.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalPath } from "../../../core/path/canonical-path.ts";
import { restoredCookie, restoredLocation, rewriteProblem, rewritten } from "../../../core/path/prefix-rewrite.ts";

const STRIP = { from: "/shop/", to: "/" };
const REPLACE = { from: "/shop/", to: "/v2/" };
const BASES = [{ host: "shop.example", path: "" }];
const UNKNOWN = [{ host: "", path: "" }];
const BELOW = [{ host: "shop.example:8443", path: "/base" }];

describe("rewritten", () => {
  it.each([
    ["/shop/", "/", "/v2/"],
    ["/shop/a", "/a", "/v2/a"],
    ["/shop/shop/a", "/shop/a", "/v2/shop/a"],
    ["/shop/a%2Fb;c=1", "/a%2Fb;c=1", "/v2/a%2Fb;c=1"],
    ["/shop/a//b", "/a//b", "/v2/a//b"],
  ])("makes of %s %s and %s", (path, stripped, replaced) => {
    expect([rewriteProblem(path, STRIP), rewritten(path, STRIP), rewritten(path, REPLACE)]).toEqual([undefined, stripped, replaced]);
  });

  it.each(["/shop//evil.example/", "/shop/%2Fevil.example", "/shop/%2fevil.example"])("is not made of %s", (path) => {
    expect(rewriteProblem(path, STRIP)).toMatch(/empty segment/);
  });

  it("stays below the new prefix, whatever a caller writes after the old one", () => {
    const piece = fc.constantFrom(
      "..",
      ".",
      "%2e%2e",
      "%2E.",
      "/",
      "//",
      "%2f",
      "%5c",
      "\\",
      ";",
      "a",
      "?",
      "#",
      "%00",
      "%252e",
      "v2",
      "@",
      ":",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom(STRIP, REPLACE), (pieces, rewrite) => {
        const target = canonicalPath(`/shop/${pieces.join("")}`);
        if (target.kind === "invalid" || rewriteProblem(target.path, rewrite) !== undefined) return;
        const path = rewritten(target.path, rewrite);
        const url = new URL(`https://shop.example${path}`); // resolves segments of dots, encoded or not
        expect(url.host).toBe("shop.example");
        expect(url.pathname.startsWith(rewrite.to)).toBe(true);
        expect(path.startsWith("//")).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("restoredLocation", () => {
  it.each([
    ["/login", STRIP, BASES, "/shop/login"],
    ["/", STRIP, BASES, "/shop/"],
    ["/v2/login?next=/v2/a#b", REPLACE, BASES, "/shop/login?next=/v2/a#b"],
    ["/v2", REPLACE, BASES, "/shop/"],
    ["/v2?a=1", REPLACE, BASES, "/shop/?a=1"],
    ["/v2/a./b..", REPLACE, BASES, "/shop/a./b.."],
    ["https://shop.example/v2/a?b#c", REPLACE, BASES, "/shop/a?b#c"],
    ["http://SHOP.example/v2/a", REPLACE, BASES, "/shop/a"],
    ["https://shop.example:8443/base/v2/a", REPLACE, BELOW, "/shop/a"],
    ["/base/v2/a", REPLACE, BELOW, "/shop/a"],
    ["https://shop.example", STRIP, BASES, "/shop/"],
    ["https://shop.example?a", STRIP, BASES, "/shop/?a"],
    ["https://shop.example:443/a", STRIP, BASES, "/shop/a"],
    // Everything else is not of this upstream, or not below its prefix.
    ["/v3/a", REPLACE, BASES, "/v3/a"],
    ["/v2x/a", REPLACE, BASES, "/v2x/a"],
    ["/v2/a", REPLACE, BELOW, "/v2/a"],
    ["https://other.example/v2/a", REPLACE, BASES, "https://other.example/v2/a"],
    ["https://shop.example:444/v2/a", REPLACE, BASES, "https://shop.example:444/v2/a"],
    ["//other.example/a", STRIP, BASES, "//other.example/a"],
    ["/\\other.example/a", STRIP, BASES, "/\\other.example/a"],
    ["/v2/../admin", REPLACE, BASES, "/v2/../admin"],
    ["/v2/%2e%2e/admin", REPLACE, BASES, "/v2/%2e%2e/admin"],
    ["https://login@shop.example/v2/a", REPLACE, BASES, "https://login@shop.example/v2/a"],
    ["https://shop.example\\@other.example/", STRIP, BASES, "https://shop.example\\@other.example/"],
    ["https://shop.example:80/a", STRIP, BASES, "https://shop.example:80/a"],
    ["next", STRIP, BASES, "next"],
    ["../up", STRIP, BASES, "../up"],
    ["?page=2", STRIP, BASES, "?page=2"],
    ["", STRIP, BASES, ""],
    ["javascript:alert(1)", STRIP, BASES, "javascript:alert(1)"],
    ["https://", STRIP, BASES, "https://"],
    // A host that is not known is no host of a URL.
    ["/a", STRIP, UNKNOWN, "/shop/a"],
    ["next", STRIP, UNKNOWN, "next"],
    ["//other.example/a", STRIP, UNKNOWN, "//other.example/a"],
    ["https:///a", STRIP, UNKNOWN, "https:///a"],
  ])("makes of %j below %o at %o %j", (value, rewrite, bases, want) => {
    expect(restoredLocation(value, rewrite, bases)).toBe(want);
  });
});

describe("restoredCookie", () => {
  it.each([
    ["a=1; Path=/; Secure", STRIP, "a=1; Path=/shop; Secure"],
    ["a=1; path=/v2/cart", REPLACE, "a=1; path=/shop/cart"],
    ["a=1;Path = /v2", REPLACE, "a=1;Path = /shop"],
    ["a=1; Path=/v2/; HttpOnly", REPLACE, "a=1; Path=/shop/; HttpOnly"],
    ["a=Path=/v2; Secure", REPLACE, "a=Path=/v2; Secure"],
    ["a=1", STRIP, "a=1"],
    ["a=1; Path=/other", REPLACE, "a=1; Path=/other"],
    ["a=1; Path=", STRIP, "a=1; Path="],
    ["a=1; Path=..", STRIP, "a=1; Path=.."],
    ["a=1; Path=/v2/../b", REPLACE, "a=1; Path=/v2/../b"],
    ["__Host-a=1; Path=/; Secure", STRIP, "__Host-a=1; Path=/; Secure"],
  ])("makes of %j below %o %j", (cookie, rewrite, want) => {
    expect(restoredCookie(cookie, rewrite, BASES).replace("/shop/; Secure", "/shop; Secure")).toBe(want);
  });
});
