import { describe, expect, it } from "vitest";
import { splitComment } from "../../../../../workers/gateway/openapi/schemas/comments.ts";
import { book, library } from "../../../../openapi/library.ts";

describe("comments", () => {
  it("become summary and description, without lines for tools", () => {
    expect(library.paths["/v1/books/{name}:byName"].get).toMatchObject({
      summary: "Returns one book",
      description: "Never a borrowed one.",
    });
    expect(library.tags).toEqual([{ name: "test.library.v1.Library", description: "Keeps books.\n\nAnd lends them." }]);
  });

  it("describe the values of an enum", () => {
    const { description } = library.components.schemas["test.library.v1.Genre"];
    expect(description).toBe("What kind of book.\n\n- `GENRE_NOVEL`: Made up.\n- `GENRE_OLD`: Deprecated.");
  });

  it("provide the example of a field", () => {
    expect(book.properties.title.examples).toEqual(["The Odyssey"]);
  });
});

describe("splitComment", () => {
  it.each([
    ["Returns a user.", "Returns a user", ""],
    ["Returns a user. Never a deleted one.", "Returns a user", "Never a deleted one."],
    ["Costs 1.5 tokens. See docs.", "Costs 1.5 tokens", "See docs."],
    ["Without a full stop\n\nSecond paragraph", "Without a full stop", "Second paragraph"],
    ["", "", ""],
  ])("splits %j into summary %j and rest %j", (comment, summary, rest) => {
    expect(splitComment(comment)).toEqual({ summary, rest });
  });
});
