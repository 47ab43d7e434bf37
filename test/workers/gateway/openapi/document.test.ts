// Whole documents: valid by the schema of OpenAPI 3.1, consistent, and up to date.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openapiText } from "../../../../cli/gen/openapi.ts";
import { type Document, library, own } from "../../../openapi/library.ts";

describe("the document", () => {
  it("is valid OpenAPI 3.1, for our own protos and for awkward ones", async () => {
    for (const document of [own, library]) {
      const validator = new Validator();
      expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
      expect(validator.version).toBe("3.1");
    }
  });

  it("is the one that is committed", () => {
    expect(openapiText()).toBe(readFileSync("protos/gen/openapi.json", "utf8"));
  });

  it("refers to nothing that it does not have", () => {
    for (const document of [own, library]) {
      const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
      for (const [, path] of references) {
        expect(
          path!.split("/").reduce((at, key) => at?.[key], document),
          path,
        ).toBeDefined();
      }
    }
  });

  it("names every operation once, a second rule of a method too", () => {
    for (const document of [own, library]) {
      const ids = Object.values<Document>(document.paths).flatMap((item) => Object.values<Document>(item).map((one) => one.operationId));
      expect(new Set(ids).size).toBe(ids.length);
    }
    expect(library.paths["/v1/books/{name}:byName"].get.operationId).toBe("Library_GetBook_2");
  });

  it("has methods without a rule by their names", () => {
    expect(library.paths["/test.library.v1.Library/Unmapped"].post.operationId).toBe("Library_Unmapped");
  });

  it("gives every schema a title of its own, and every operation a description", () => {
    for (const document of [own, library]) {
      const titles = [...JSON.stringify(document).matchAll(/"title":"([^"]+)","type":"(?:object|string)"/g)].map(([, title]) => title!);
      expect(titles.length).toBeGreaterThan(3);
      expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
      const operations = Object.values<Document>(document.paths).flatMap((item) => Object.values<Document>(item));
      expect(operations.filter(({ description }) => !description)).toEqual([]);
    }
    expect(own.components.schemas["users.v1.UserChange.Kind"].title).toBe("UserChangeKind");
  });

  it("promises nothing that is not served", () => {
    expect(JSON.stringify(own)).not.toMatch(/gRPC(?!-Web)/);
  });
});
