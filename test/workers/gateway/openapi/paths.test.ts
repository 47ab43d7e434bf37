import { describe, expect, it } from "vitest";
import { type Document, library } from "../../../openapi/library.ts";

describe("paths and path parameters", () => {
  it("have a parameter for each segment that is not fixed", () => {
    const { parameters } = library.paths["/v1/shelves/{shelvesId}/books/{booksId}"].get;
    expect(parameters.filter(({ in: place }: Document) => place === "path").map(({ name }: Document) => name)).toEqual([
      "shelvesId",
      "booksId",
    ]);
    expect(parameters[0].description).toBe("Part of `name`, which is `shelves/*/books/*`.");
  });

  it("are one path if they differ only in parameter names", () => {
    const item = library.paths["/v1/books/{name}:byName"];
    expect(Object.keys(item)).toEqual(["get", "patch"]);
    expect(item.patch.parameters[0]).toMatchObject({ name: "name", in: "path", description: "Sets `book.name`." });
  });

  it("mark a parameter that may have several segments", () => {
    expect(library.paths["/v1/files/{path}"].get.parameters[0]).toMatchObject({ "x-multi-segment": true });
  });

  it("list the HTTP methods of a rule for any method", () => {
    expect(Object.keys(library.paths["/v1/anything"])).toEqual(["get", "put", "post", "delete", "patch"]);
  });
});
