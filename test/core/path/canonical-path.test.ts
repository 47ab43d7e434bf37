// One path for routing, policy, cache and transcoding: what it looks like, and what is refused.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { canonicalPath } from "../../../core/path/canonical-path.ts";

function pathOf(url: string): string {
  const at = canonicalPath(url);
  return at.kind === "ok" ? at.path : `refused: ${at.problem}`;
}

describe("canonicalPath", () => {
  it.each([
    ["https://gateway.test/v1/users/42", "/v1/users/42", ""],
    ["https://gateway.test/v1/users?page_size=5&x=a/b", "/v1/users", "?page_size=5&x=a/b"],
    ["https://gateway.test", "/", ""],
    ["https://gateway.test?x=/a", "/", "?x=/a"],
    ["https://user@gateway.test:8443/a", "/a", ""],
    ["/v1/users?next=http://other.test/..", "/v1/users", "?next=http://other.test/.."],
  ])("takes %s apart into %s and %j", (url, path, query) => {
    expect(canonicalPath(url)).toEqual({ kind: "ok", path, query });
  });

  it.each([
    { name: "decodes unreserved characters", from: "/v1/%71uer%79/%7E%2D", to: "/v1/query/~-" },
    { name: "keeps reserved characters as they are, raw and encoded", from: "/a:b%3Ab/$%24", to: "/a:b%3Ab/$%24" },
    { name: "writes hex in upper case", from: "/%e4%b8%96%3a", to: "/%E4%B8%96%3A" },
    { name: "leaves an encoded slash unchanged", from: "/a%2Fb/a%2fb", to: "/a%2Fb/a%2fb" },
    { name: "decodes once", from: "/%252e%252e/%252F", to: "/%252e%252e/%252F" },
    {
      name: "encodes what no path may hold raw",
      from: '/a b"<>^`{|}[]/世界',
      to: "/a%20b%22%3C%3E%5E%60%7B%7C%7D%5B%5D/%E4%B8%96%E7%95%8C",
    },
    { name: "keeps empty segments", from: "/a//b/", to: "/a//b/" },
    { name: "keeps dots that are not a whole segment", from: "/.../.a/a./..a", to: "/.../.a/a./..a" },
  ])("$name", ({ from, to }) => {
    expect(pathOf(`https://gateway.test${from}`)).toBe(to);
  });

  it.each(["/..", "/.", "/a/../b", "/a/./b", "/a/%2e%2E/b", "/a/.%2e", "/a/%2e", "/%2E./a", "/a/..?x"])(
    "refuses the dots in %s",
    (path) => {
      expect(pathOf(`https://gateway.test${path}`)).toBe("refused: path has a segment of dots");
    },
  );

  it.each([
    ["/a\\b", "a backslash at 2"],
    ["/a%5cb", "a backslash at 2"],
    ["/%00", "a control character at 1"],
    ["/a%0Ab", "a control character at 2"],
    ["/a\tb", "a control character at 2"],
    ["/%7f", "a control character at 1"],
    ["/a%zz", "a malformed escape at 2"],
    ["/a%", "a malformed escape at 2"],
    ["/a%4", "a malformed escape at 2"],
    ["/%ff", "escapes that are not UTF-8"],
    ["/%E4%B8", "escapes that are not UTF-8"],
    ["/%C0%AF", "escapes that are not UTF-8"],
    ["/%ED%A0%80", "escapes that are not UTF-8"],
    ["/\uD800", "half a character at 1"],
  ])("refuses %j: %s", (path, problem) => {
    expect(pathOf(`https://gateway.test${path}`)).toBe(`refused: path has ${problem}`);
  });

  it.each(["", "gateway.test/a", "mailto:a@b", "://a/b"])("refuses %j, which is no URL", (url) => {
    expect(pathOf(url)).toBe("refused: url has no path");
  });

  const tricky = fc.string({
    unit: fc.constantFrom("/", ".", "%", "2", "e", "E", "f", "F", "5", "c", "\\", "a", "世", "\uD800", "\0", " ", ":", "?", "#"),
  });
  const anything = fc.oneof(tricky, fc.string(), fc.string({ unit: "binary" }), fc.webUrl({ withQueryParameters: true }));

  it("answers anything at all with a path or a problem, and a path is its own canonical form", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const at = canonicalPath(`https://gateway.test/${text}`);
        if (at.kind === "invalid") return;
        expect(at.path).toMatch(/^(?:\/(?!\.{1,2}(?:\/|$))(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-F]{2}|%2f)*)+$/);
        expect(canonicalPath(at.path + at.query)).toEqual(at);
      }),
    );
  });

  it("reads every path that it accepts as the URL standard does, but for the spaces that standard drops", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const url = `https://gateway.test/${text}`;
        const at = canonicalPath(url);
        if (at.kind === "ok" && !/\s/.test(url)) expect(decodeURIComponent(new URL(url).pathname)).toBe(decodeURIComponent(at.path));
      }),
    );
  });

  it("looks at each character once, whatever the path is made of", () => {
    const look = vi.spyOn(String.prototype, "charCodeAt");
    for (const unit of ["%41", "/%2e%2ex", "世", " ", "%E4%B8%96", "%2f", "%25"]) {
      const path = `/${unit.repeat(500)}`;
      look.mockClear();
      expect(canonicalPath(path).kind, unit).toBe("ok");
      const looks = look.mock.calls.length;
      expect(looks, unit).toBeLessThanOrEqual(path.length);
      expect(looks, unit).toBeGreaterThanOrEqual(path.length / 9);
    }
    look.mockRestore();
  });
});

it.each([
  ["https://a_b?x", "/", "?x"],
  ["https://a_b?x/y", "/", "?x/y"],
  ["https://a?x/y", "/", "?x/y"],
  ["https://a?x\\y/z", "/", "?x\\y/z"],
  ["https://a_b", "/", ""],
  ["https://a_b/", "/", ""],
  ["https://a@b/x/y?z", "/x/y", "?z"],
  ["/?x", "/", "?x"],
])("%s has the path %s and the query %j", (url, path, query) => expect(canonicalPath(url)).toEqual({ kind: "ok", path, query }));

it.each(["https://a/x#", "https://a/x#y", "https://a/x?y#z", "https://a#x/y", "/x#y?z"])("refuses the fragment of %s", (url) =>
  expect(canonicalPath(url)).toEqual({ kind: "invalid", problem: "url has a fragment" }),
);

it.each(["", "a", "://a/b", "a/b"])("%j has no path", (url) =>
  expect(canonicalPath(url)).toMatchObject({ kind: "invalid", problem: "url has no path" }),
);

it("ends the host at a backslash, which is refused as a part of the path", () => {
  expect(canonicalPath("https://a_b\\c/d")).toEqual({ kind: "invalid", problem: "path has a backslash at 0" });
});
