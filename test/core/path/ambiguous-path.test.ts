// Paths that servers read in different ways: what is found, what a plain HTTP route refuses, and that ordinary paths pass.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ambiguityOf, NO_OTHERS, pathCheck } from "../../../core/path/ambiguous-path.ts";
import { canonicalPath } from "../../../core/path/canonical-path.ts";

const OTHERS = { prefixes: ["/pub/admin/", "/v1/users"], methods: ["/users.v1.UserService/GetUser"] };
const strict = pathCheck(false, OTHERS);
const forwarding = pathCheck(true, NO_OTHERS);
const HIDDEN = "path has a hidden segment of dots";

describe("ambiguityOf", () => {
  it.each([
    "/",
    "/a",
    "/a/",
    "/a.b/c",
    "/.a/..b",
    "/a:b",
    "/a/$b",
    "/a:b/$c",
    "/~a/(b)",
    "/%E4%B8%96",
    "/100%25",
    "/100%25zz",
    "/a%3Ab",
    "/a%20b/c",
  ])("finds nothing in %s", (path) => expect(ambiguityOf(path)).toBeUndefined());

  it.each([
    ["//", "an empty segment"],
    ["/a//", "an empty segment"],
    ["/a%2Fb", "an encoded separator"],
    ["/a%2fb", "an encoded separator"],
    ["/a%252Fb", "an escape that is encoded twice"],
    ["/a%25255cb", "an escape that is encoded twice"],
    ["/a%2500", "an escape that is encoded twice"],
    ["/a;b", "a path parameter"],
    ["/a%3Bb", "a path parameter"],
    ["/a./b", "a segment that starts with a space, or ends with a dot or a space"],
    ["/a.", "a segment that starts with a space, or ends with a dot or a space"],
    ["/a%20/b", "a segment that starts with a space, or ends with a dot or a space"],
    ["/%20a", "a segment that starts with a space, or ends with a dot or a space"],
    ["/a:$DATA", "the name of a file stream"],
    ["/a%3A%3A%24DATA", "the name of a file stream"],
    ["/a%EF%BC%8Fb", "a character that some servers read as a separator, a dot or a space"], // fullwidth solidus
    ["/%E2%80%A5/a", "a character that some servers read as a separator, a dot or a space"], // two dot leader
    ["/a%CD%BEb", "a character that some servers read as a separator, a dot or a space"], // Greek question mark, a semicolon
    ["/a%C2%A0/b", "a character that some servers read as a separator, a dot or a space"], // no-break space
  ])("finds in %s %s", (path, ambiguity) => expect(ambiguityOf(path)).toBe(ambiguity));
});

describe("pathCheck", () => {
  it.each([
    "/pub/..;/a",
    "/pub/..;x=y/a",
    "/pub/..%2Fa",
    "/pub/%252e%252e/a",
    "/pub/%2525252e./a",
    "/pub/..%20/a",
    "/pub/..%3Ba",
    "/pub/.;/a",
    "/pub/%E2%80%A5;/a",
    "/pub/..%255ca",
    "/pub/%EF%BC%8E/%25a25",
    "/pub/%EF%BC%8E;/%25ff",
    "/pub/%25EF%25BC%258E/%25c0%25ae",
    "/pub/%EF%BC%852e%EF%BC%852e/a",
    "/pub/%EF%BC%85252e/a",
  ])("refuses the hidden dots of %s, whatever the setting", (path) => expect([strict(path), forwarding(path)]).toEqual([HIDDEN, HIDDEN]));

  it.each(["/pub//a", "/pub/a;b", "/pub/a%2Fb", "/pub/a.", "/pub/ADMIN/x", "/pub/%25c0%25ae"])("forwards %s only where it may", (path) => {
    expect(strict(path)).toBeDefined();
    expect(forwarding(path)).toBeUndefined();
  });

  it.each([
    "/pub/Admin/x",
    "/PUB/admin/x",
    "/pub/%EF%BD%81dmin/x",
    "/V1/users",
    "/v1/Users/x",
    "/v1/USERS:list",
    "/users.v1.userservice/GETUSER",
    "/%F0%9D%90%AEsers.v1.UserService/GetUser", // mathematical bold u
  ])("refuses %s, another route in another case or form", (path) =>
    expect(strict(path)).toBe("path differs from another one that is served here only by the case or form of its letters"),
  );

  it.each(["/pub/administrator/x", "/V1/usersets", "/pub/Other/x", "/v1/users/X", "/Readme.md"])(
    "forwards %s, which is no other route",
    (path) => expect(strict(path)).toBeUndefined(),
  );

  it("decides about any path, and refuses each one of which some reading has a segment of dots", () => {
    const unit = fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%252e",
      "%2f",
      "%252f",
      "%25",
      "25",
      "2e",
      ";",
      ";x",
      "%3b",
      "%20",
      "a",
      "%ef%bc%8f",
      "%EF%BC%8E",
      "%EF%BC%85",
      "%a2",
      "%ff",
      "a2",
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
        const read = canonicalPath(`/pub/${units.join("")}`);
        if (read.kind === "invalid") return;
        let text = read.path;
        let hasDots = false;
        for (let round = 0; round < 6; round++) {
          hasDots ||= text.split(/[/\\]/).some((segment) => /^\.\.?$/.test(segment.split(";")[0]!.trim()));
          text = decodedOnce(text).normalize("NFKC");
        }
        if (hasDots) expect([read.path, forwarding(read.path)]).toEqual([read.path, HIDDEN]);
        if (hasDots) expect(strict(read.path)).toBe(HIDDEN);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Decodes escapes one by one where they are ASCII, and whole characters elsewhere; leaves what is no UTF-8. */
function decodedOnce(text: string): string {
  return text.replace(/%[0-7][0-9a-f]|(?:%[89a-f][0-9a-f])+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
