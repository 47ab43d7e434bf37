import { describe, expect, it } from "vitest";
import { type Document, library } from "../../../openapi/library.ts";

describe("query parameters", () => {
  it("are all fields in neither path nor body, those of inner messages by path, without maps", () => {
    const { parameters } = library.paths["/v1/books/{name}:byName"].get;
    const query = parameters.filter(({ in: place }: Document) => place === "query").map(({ name }: Document) => name);
    expect(query).toEqual(["filter.author", "filter.year", "filter.genre", "tags", "readMask"]);
  });
});
