// The language check: what it finds, what it lets pass, and that it finds a planted sentence.
import { describe, expect, it } from "vitest";
import { checkLanguage, findingsIn } from "../../cli/language.ts";

const found = (text: string, path = "core/planted.ts"): string[] => findingsIn(path, text).map(({ found }) => found);

describe("the language check", () => {
  it.each([
    ["a comment", "// The isolate is told what the object heard.", ["told", "heard"]],
    ["an identifier", "const wasAsked = toldOf(rosterOfHosts);", ["asked", "told", "roster"]],
    ["a constant", "const HEARD_AT = 0;", ["heard"]],
    ["a string", 'throw new Error("mend it");', ["mend"]],
    ["a phrase", "// It is written behind the answer.", ["behind the answer"]],
    ["a comment without a subject", "const x = 0.02; // of each report", ["// of ..."]],
    ["the same after a block", "  share: number; // that a call may take", ["// that ..."]],
    ["British spelling", "// the behaviour of a host", ["behaviour"]],
  ])("finds private words in %s", (_, text, words) => {
    expect(found(text)).toEqual(words);
  });

  it.each([
    ["words that contain others", "// We recommend tasks that amend the basket, its golden mask and household."],
    ["names of specifications", 'const path = "/.well-known/openapi";'],
    ["a noun phrase with its unit", "const x = 5_000; // longest time of one poll, ms"],
    ["a comment of its own that continues a sentence", "// of the paragraph above"],
    ["an address", 'const url = "https://example.com/of/that";'],
  ])("lets pass %s", (_, text) => {
    expect(found(text)).toEqual([]);
  });

  it("looks for comments in code only, and for words in documents, too", () => {
    expect(found("say this // of that", "docs/page.md")).toEqual([]);
    expect(found("Callers are told.", "docs/page.md")).toEqual(["told"]);
  });

  it("passes for the whole repository, without an exception that covers nothing", () => {
    const { findings, unused } = checkLanguage();
    expect(findings.map(({ path, line, found }) => `${path}:${line} ${found}`)).toEqual([]);
    expect(unused).toEqual([]);
  });
});
