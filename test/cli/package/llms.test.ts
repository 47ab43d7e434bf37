// llms.txt names every document of users, with its title and what it is for.
import { expect, it } from "vitest";
import { llmsText, userDocuments } from "../../../cli/package/llms.ts";

it("has a line for each document, with its first sentence", () => {
  const text = llmsText(new Map([["docs/a.md", "# A page\n\nFor operators: what [it](b.md) does, in\ntwo lines. More.\n"]]));
  expect(text).toContain("- [A page](docs/a.md): For operators: what it does, in two lines.\n");
});

it("lists the documents of this repository, each with a title and a sentence", () => {
  const documents = userDocuments();
  expect(documents.size).toBeGreaterThan(20);
  const lines = llmsText(documents).match(/^- .*$/gm) ?? [];
  expect(lines).toHaveLength(documents.size);
  expect(lines.filter((line) => !/^- \[.+\]\(docs\/.+\.md\): .{20,}$/.test(line) || line.includes("[untitled]"))).toEqual([]);
});
