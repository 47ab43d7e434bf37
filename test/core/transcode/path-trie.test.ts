// Which route answers a path, and what the path carries.
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { canonicalPath } from "../../../core/path/canonical-path.ts";
import { expandPath } from "../../../core/transcode/expand.ts";
import { type PathTemplate, parseTemplate } from "../../../core/transcode/path-template.ts";
import { createPathTrie, type PathTrie } from "../../../core/transcode/path-trie.ts";

function template(text: string): PathTemplate {
  const parsed = parseTemplate(text);
  if (parsed.kind === "invalid") throw new Error(`${text}: ${parsed.problem}`);
  return parsed.template;
}

/** @param rules `GET /v1/x`, each its own route */
function trieOf(rules: readonly string[]): PathTrie<string> {
  const trie = createPathTrie<string>();
  for (const rule of rules) {
    const [method, text] = rule.split(" ") as [string, string];
    expect(trie.add(method, template(text), rule)).toBeUndefined();
  }
  return trie;
}

/** The route that answers, its values, `405 GET, POST`, or `404`. */
function match(trie: PathTrie<string>, request: string): string {
  const [method, path] = request.split(" ") as [string, string];
  const match = trie.match(method, path);
  if (match.kind === "unknown_path") return "404";
  if (match.kind === "method_not_allowed") return `405 ${match.allow.join(", ")}`;
  return [match.route, ...match.variables.map((value) => JSON.stringify(value))].join(" ");
}

describe("a trie of paths", () => {
  it.each([
    { name: "prefers a literal to a wildcard", rules: ["GET /a/{x}", "GET /a/b"], wants: { "GET /a/b": "GET /a/b" } },
    { name: "prefers one segment to many", rules: ["GET /a/{x=**}", "GET /a/{x}"], wants: { "GET /a/b": 'GET /a/{x} "b"' } },
    {
      name: "turns back where a literal leads nowhere",
      rules: ["GET /a/b/c", "GET /a/{x}/d", "GET /{y=**}"],
      wants: { "GET /a/b/d": 'GET /a/{x}/d "b"', "GET /a/b/e": 'GET /{y=**} "a/b/e"' },
    },
    {
      name: "prefers the literal further left",
      rules: ["GET /a/*", "GET /*/b"],
      wants: { "GET /a/b": "GET /a/*", "GET /c/b": "GET /*/b" },
    },
    { name: "lets no empty segment pass for one", rules: ["GET /a/{x}/b"], wants: { "GET /a//b": "404", "GET /a/": "404" } },
    {
      name: "takes zero segments for **, with and without the slash",
      rules: ["GET /a/{x=**}"],
      wants: { "GET /a": 'GET /a/{x=**} ""', "GET /a/": 'GET /a/{x=**} ""', "GET /a/b//c/": 'GET /a/{x=**} "b//c/"' },
    },
    { name: "matches the root", rules: ["GET /{x=**}"], wants: { "GET /": 'GET /{x=**} ""' } },
  ])("$name", ({ rules, wants }) => {
    for (const [request, want] of Object.entries(wants)) expect(match(trieOf(rules), request), request).toBe(want);
  });

  it.each([
    { name: "takes a verb after the last colon", wants: { "POST /ops/a:b:cancel": 'POST /{x=ops/*}:cancel "ops/a:b"' } },
    {
      name: "takes a colon for data where there is no such verb",
      wants: { "GET /ops/a:b": 'GET /{x=ops/*} "ops/a:b"', "GET /ops/a:": 'GET /{x=ops/*} "ops/a:"' },
    },
    { name: "takes an encoded colon for data", wants: { "GET /ops/a%3Acancel": 'GET /{x=ops/*} "ops/a:cancel"' } },
    { name: "takes a verb for a verb whatever the method", wants: { "GET /ops/a:cancel": "405 POST" } },
    {
      name: "looks for verbs in the last segment only",
      wants: { "GET /a:stat/b": 'GET /{x=**} "a:stat/b"', "GET /a/b:stat": 'GET /{x=**}:stat "a/b"' },
    },
    { name: "gives ** without a segment a verb", wants: { "GET /:stat": 'GET /{x=**}:stat ""' } },
  ])("$name", ({ wants }) => {
    const trie = trieOf(["GET /{x=ops/*}", "POST /{x=ops/*}:cancel", "GET /{x=**}", "GET /{x=**}:stat"]);
    for (const [request, want] of Object.entries(wants)) expect(match(trie, request), request).toBe(want);
  });

  it.each([
    ["GET /v/x:d:e", 'GET /v/{a}:d:e "x"'],
    ["GET /v/x:y:d:e", 'GET /v/{a}:d:e "x:y"'],
    ["GET /v/x:e", 'GET /v/{a}:e "x"'],
    ["GET /v/x:y:e", 'GET /v/{a}:e "x:y"'],
    ["GET /v/x%3Ad:e", 'GET /v/{a}:e "x:d"'],
    ["GET /v/x:d:f", 'GET /v/{a} "x:d:f"'],
    ["POST /v/x:d:e", "405 GET"],
    ["GET /v/:d:e", 'GET /v/{a}:e ":d"'],
  ])("knows verbs with a colon within them, the longest one first: %s", (request, want) => {
    expect(match(trieOf(["GET /v/{a}:d:e", "GET /v/{a}:e", "GET /v/{a}"]), request)).toBe(want);
  });

  it("reads a segment of colons only as often as verbs have colons", () => {
    const trie = trieOf(["GET /v/{a}:d:e"]);
    expect(match(trie, `GET /v/${":".repeat(8_000)}x`)).toBe("404");
  });

  it("takes HEAD for GET, but for a route of its own, and before a route for any method", () => {
    const trie = trieOf(["GET /a", "* /a", "GET /b", "HEAD /b", "* /c", "POST /d"]);
    expect(["/a", "/b", "/c", "/d"].map((path) => match(trie, `HEAD ${path}`))).toEqual(["GET /a", "HEAD /b", "* /c", "405 POST"]);
  });

  it("names every method that the path has, and returns a less specific route that has the requested one", () => {
    const trie = trieOf(["GET /a/b", "PUT /a/{x}", "DELETE /a/{x}", "* /any/{x}", "GET /any/{x}"]);
    expect(match(trie, "PATCH /a/b")).toBe("405 DELETE, GET, PUT");
    expect(match(trie, "PUT /a/b")).toBe('PUT /a/{x} "b"');
    expect(match(trie, "GET /any/1")).toBe('GET /any/{x} "1"');
    expect(match(trie, "LINK /any/1")).toBe('* /any/{x} "1"');
  });

  it("compares literals in one form, and never takes one for a wildcard", () => {
    const trie = trieOf(["GET /a%2Fb/$x", "GET /%2A/y"]);
    expect(match(trie, "GET /a%2fb/%24x")).toBe("GET /a%2Fb/$x");
    expect(match(trie, "GET /a%2Fb/$x")).toBe("GET /a%2Fb/$x");
    expect(match(trie, "GET /*/y")).toBe("GET /%2A/y");
    expect(match(trie, "GET /z/y")).toBe("404");
  });

  it("decodes a variable of one segment wholly, and leaves %2F in one of several", () => {
    const trie = trieOf(["GET /one/{x}", "GET /two/{x=a/*}", "GET /many/{x=**}"]);
    expect(match(trie, "GET /one/a%2Fb%252F%20")).toBe('GET /one/{x} "a/b%2F "');
    expect(match(trie, "GET /two/a/b%2Fc%2fd%20")).toBe('GET /two/{x=a/*} "a/b%2Fc%2fd "');
    expect(match(trie, "GET /many/a%2Fb/%E4%B8%96%3F")).toBe('GET /many/{x=**} "a%2Fb/世?"');
  });

  it("hands back the route that stands in the way of another", () => {
    const trie = createPathTrie<string>();
    expect(trie.add("GET", template("/a/{x=b/*}"), "first")).toBeUndefined();
    expect(trie.add("POST", template("/a/b/{y}"), "other method")).toBeUndefined();
    expect(trie.add("GET", template("/a/b/{y}:verb"), "other verb")).toBeUndefined();
    expect(trie.add("GET", template("/a/b/{y}"), "second")).toBe("first");
    expect(trie.match("GET", "/a/b/c")).toMatchObject({ route: "first" });
  });

  it("finds for every value the path that carries it, and in that path the value again", () => {
    const templates = ["/v1/{a}", "/v1/{a}/x/{b}", "/v1/{a=p/*}/{b}:verb", "/{a=**}", "/v1/{a=p/**}:verb", "/v1/{a=p/*/q/*}"].map(template);
    const value = fc.string({
      unit: fc.oneof(
        fc.constantFrom("/", "%", ":", "p", "世", " ", "+", "?", "2", "f"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      ),
      minLength: 1,
    });
    fc.assert(
      fc.property(fc.constantFrom(...templates), value, value, fc.boolean(), (one, a, b, isNested) => {
        const nested = one.segments.includes("q") ? `p/${a}/q/${b}` : `p/${a}`;
        const values = [isNested ? nested : a, b].slice(0, one.variables.length);
        const expansion = expandPath(one, values);
        if (expansion.kind === "invalid") return;
        const trie = createPathTrie<string>();
        trie.add("GET", one, "route");
        const at = canonicalPath(expansion.path);
        if (at.kind === "invalid")
          expect(values.join("")).toMatch(/[\0-\x1f\x7f\\]/); // no path carries these
        else
          expect(trie.match("GET", at.path)).toEqual({
            kind: "found",
            route: "route",
            variables: values.map((text, index) => carried(one, index, text)),
          });
      }),
    );
  });

  /** Half a character has no form in a URL; in several segments a %2F is a slash that was left encoded, whatever its case. */
  function carried({ variables, segments }: PathTemplate, index: number, text: string): string {
    const { start, end } = variables[index]!;
    const isOne = end === start + 1 && segments[start] !== "**";
    return isOne ? text.toWellFormed() : text.toWellFormed().replace(/%2f/gi, "%2F");
  }

  it("looks at each node at most four times, though every turn is a wrong one", () => {
    const depth = 10;
    const rules = Array.from({ length: 2 ** depth }, (_, bits) => {
      const segments = Array.from({ length: depth }, (_, at) => ((bits >> at) & 1 ? "a" : "*"));
      return `GET /${segments.join("/")}/end`;
    });
    const trie = trieOf(rules);
    const get = vi.spyOn(Map.prototype, "get");
    expect(trie.match("GET", `/${"a/".repeat(depth)}wrong`).kind).toBe("unknown_path");
    const inTree = get.mock.calls.length;
    get.mockClear();
    expect(trie.match("GET", `/${"a/".repeat(10_000)}wrong`).kind).toBe("unknown_path");
    const inLongPath = get.mock.calls.length;
    get.mockRestore();
    const nodes = 2 ** (depth + 1) + 2 ** depth;
    expect(inTree).toBeGreaterThan(2 ** depth); // it did look
    expect(inTree).toBeLessThanOrEqual(4 * 3 * nodes);
    expect(inLongPath).toBeLessThanOrEqual(4 * 3 * nodes);
  });
});
