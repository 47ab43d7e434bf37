// Edits of header fields: their order, fields without a value, and errors.
import { describe, expect, it } from "vitest";
import { bindEdits, editedNames, editFields, type HeaderEdits, secretsOf } from "../../../core/header-edits/header-edits.ts";
import { type CallFact, parseTemplate, type ValueTemplate } from "../../../core/header-edits/value-template.ts";

function template(text: string): ValueTemplate {
  const parsed = parseTemplate(text);
  if (parsed.kind === "invalid") throw new Error(parsed.fix);
  return parsed.template;
}

type Written = Readonly<Record<string, string>>;
function editsOf({
  remove = [],
  set = {},
  add = {},
  ...rest
}: {
  remove?: string[];
  set?: Written;
  default?: Written;
  add?: Written;
}): HeaderEdits {
  const fields = (written: Written) => Object.entries(written).map(([name, text]) => [name, template(text)] as const);
  return { remove, set: fields(set), default: fields(rest.default ?? {}), add: fields(add) };
}

function edited(edits: HeaderEdits, from: Record<string, string>, facts: Partial<Record<CallFact, string>> = {}, isError = false) {
  const headers = new Headers(from);
  editFields(headers, bindEdits(edits, (name) => `<${name}>`)!, (fact) => facts[fact], isError);
  return Object.fromEntries(headers);
}

describe("editFields", () => {
  it("removes, sets, fills in and adds", () => {
    const edits = editsOf({ remove: ["a"], set: { b: "new" }, default: { c: "default", d: "default" }, add: { e: "more", f: "first" } });
    expect(edited(edits, { a: "1", b: "old", c: "own", e: "one" })).toEqual({
      b: "new",
      c: "own",
      d: "default",
      e: "one, more",
      f: "first",
    });
  });

  it("removes what a caller has sent in a field whose fact is missing", () => {
    const edits = editsOf({
      set: { "x-user": "{auth.subject}" },
      add: { "x-seen": "{auth.subject}" },
      default: { "x-else": "{auth.plan}" },
    });
    expect(edited(edits, { "x-user": "admin", "x-seen": "a" })).toEqual({ "x-seen": "a" });
    expect(edited(edits, { "x-user": "admin" }, { "auth.subject": "u1" })).toEqual({ "x-user": "u1", "x-seen": "u1" });
  });

  it("leaves fields about storing as they are on errors", () => {
    const edits = editsOf({ remove: ["expires"], set: { "cache-control": "public, max-age=60", "x-a": "1" } });
    const sent = { expires: "0", "cache-control": "no-store" };
    expect(edited(edits, sent, {}, true)).toEqual({ ...sent, "x-a": "1" });
    expect(edited(edits, sent)).toEqual({ "cache-control": "public, max-age=60", "x-a": "1" });
  });
});

describe("bindEdits", () => {
  it("is undefined where nothing is edited, so that a route pays nothing", () => {
    expect([bindEdits(undefined, String), bindEdits(editsOf({}), String)]).toEqual([undefined, undefined]);
  });

  it("puts secrets in once, and names them", () => {
    const edits = editsOf({ set: { authorization: "Bearer {secret.UPSTREAM_A}" }, add: { "x-b": "{secret.UPSTREAM_A}" } });
    expect([secretsOf(edits), editedNames(edits)]).toEqual([["UPSTREAM_A"], ["authorization", "x-b"]]);
    expect(edited(edits, {})).toEqual({ authorization: "Bearer <UPSTREAM_A>", "x-b": "<UPSTREAM_A>" });
  });
});
