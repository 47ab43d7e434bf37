// The OpenAPI document of protos, checked with the schema of OpenAPI 3.1 and against proto3 JSON.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import { openapiOf, openapiText } from "../../../../cli/gen/openapi.ts";

// biome-ignore lint/suspicious/noExplicitAny: a document is looked into by paths
type Document = any;

let library: Document;
let book: Document;
let own: Document;

/** The document of `library.proto` beside the protos it imports. */
function compiled(): Document {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-openapi-"));
  try {
    mkdirSync(join(folder, "test"));
    for (const name of ["google", "buf"]) cpSync(join("protos/third_party", name), join(folder, name), { recursive: true });
    cpSync("test/openapi/library.proto", join(folder, "test/library.proto"));
    return openapiOf(execFileSync("buf", ["build", folder, "-o", "-", "--as-file-descriptor-set"]), { title: "Test", version: "1" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

beforeAll(() => {
  library = compiled();
  book = library.components.schemas["test.library.v1.Book"];
  own = JSON.parse(openapiText());
});

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

describe("paths", () => {
  it("give each segment that is not fixed a parameter", () => {
    const { parameters } = library.paths["/v1/shelves/{shelvesId}/books/{booksId}"].get;
    expect(parameters.filter(({ in: place }: Document) => place === "path").map(({ name }: Document) => name)).toEqual([
      "shelvesId",
      "booksId",
    ]);
    expect(parameters[0].description).toBe("Part of `name`, which is `shelves/*/books/*`.");
  });

  it("are one where they differ only in the names of parameters", () => {
    const item = library.paths["/v1/books/{name}:byName"];
    expect(Object.keys(item)).toEqual(["get", "patch"]);
    expect(item.patch.parameters[0]).toMatchObject({ name: "name", in: "path", description: "Sets `book.name`." });
  });

  it("say that ** takes many segments", () => {
    expect(library.paths["/v1/files/{path}"].get.parameters[0]).toMatchObject({ "x-multi-segment": true });
  });

  it("list the methods that * stands for", () => {
    expect(Object.keys(library.paths["/v1/anything"])).toEqual(["get", "put", "post", "delete", "patch"]);
  });
});

describe("requests", () => {
  it("take what is neither in path nor body from the query, by path into messages, without end nor maps", () => {
    const { parameters } = library.paths["/v1/books/{name}:byName"].get;
    const query = parameters.filter(({ in: place }: Document) => place === "query").map(({ name }: Document) => name);
    expect(query).toEqual(["filter.author", "filter.year", "filter.genre", "tags", "readMask"]);
  });

  it("require nothing in the body of a PATCH, and leave out what the path has", () => {
    const { schema } = library.paths["/v1/books/{name}:byName"].patch.requestBody.content["application/json"];
    expect(schema.required).toBeUndefined();
    expect(Object.keys(schema.properties)).not.toContain("name");
  });

  it("take raw bytes for an HttpBody", () => {
    expect(library.paths["/v1/files/{path}"].put.requestBody.content).toEqual({ "*/*": {} });
  });

  it("are lines of JSON where a stream of messages is sent", () => {
    expect(Object.keys(library.paths["/v1/books:import"].post.requestBody.content)).toEqual(["application/x-ndjson"]);
  });

  it("have a request_id once, where its field is, and not in a header as well: two that differ are refused", () => {
    const { post } = library.paths["/v1/loans/{loan}:renew"];
    expect(post.parameters.map(({ in: place }: Document) => place)).toEqual(["path"]);
    expect(Object.keys(post.requestBody.content["application/json"].schema.properties)).toContain("requestId");
    expect(library.paths["/v1/loans/{loan}:renew"].post.requestBody.content["application/json"].schema.properties).not.toHaveProperty(
      "loan",
    );
  });
});

describe("answers", () => {
  it("show the field that response_body names", () => {
    const { schema } = library.paths["/v1/books/{name}:byName"].patch.responses["200"].content["application/json"];
    expect(schema).toEqual({ $ref: "#/components/schemas/test.library.v1.Book" });
  });

  it("stream in three framings", () => {
    const { content } = library.paths["/v1/loans/{loan}:renew"].post.responses["200"];
    expect(Object.keys(content)).toEqual(["application/json", "application/x-ndjson", "text/event-stream"]);
  });

  it("tell of failures, and when to try again", () => {
    const responses = own.paths["/api/v1/users"].post.responses;
    expect(Object.keys(responses)).toEqual(["200", "400", "401", "403", "404", "409", "413", "415", "429", "500", "501", "503", "504"]);
    expect(Object.keys(own.components.responses.TooManyRequests.headers)).toEqual([
      "Retry-After",
      "RateLimit",
      "RateLimit-Policy",
      "X-Request-Id",
    ]);
  });
});

describe("comments", () => {
  it("become summary and description, without lines for tools", () => {
    expect(library.paths["/v1/books/{name}:byName"].get).toMatchObject({
      summary: "Returns one book",
      description: "Never a borrowed one.",
    });
    expect(library.tags).toEqual([{ name: "test.library.v1.Library", description: "Keeps books.\n\nAnd lends them." }]);
  });

  it("tell what the values of an enum mean", () => {
    const { description } = library.components.schemas["test.library.v1.Genre"];
    expect(description).toBe("What kind of book.\n\n- `GENRE_NOVEL`: Made up.\n- `GENRE_OLD`: Deprecated.");
  });

  it("give the example", () => {
    expect(book.properties.title.examples).toEqual(["The Odyssey"]);
  });
});

describe("fields", () => {
  it.each<[string, Document]>([
    ["copies", { type: "string", format: "int64", "x-minimum": "0" }],
    ["pages", { type: "integer", format: "uint32", minimum: 1, exclusiveMaximum: 10000 }],
    [
      "rating",
      {
        anyOf: [
          { type: "number", format: "double" },
          { type: "string", enum: ["NaN", "Infinity", "-Infinity"] },
        ],
      },
    ],
    ["cover", { type: "string", contentEncoding: "base64" }],
    ["title", { type: "string", minLength: 1, maxLength: 200 }],
    ["sequels", { type: "array", items: { $ref: "#/components/schemas/test.library.v1.Book" }, maxItems: 5 }],
    [
      "votes",
      {
        type: "object",
        propertyNames: { pattern: expect.stringMatching(/^\^.*2147483648\)\$$/) },
        additionalProperties: { $ref: "#/components/schemas/test.library.v1.Genre" },
      },
    ],
    ["createTime", { type: "string", format: "date-time", readOnly: true }],
    ["extra", { type: "object", additionalProperties: true }],
    ["anyJson", { description: "Any JSON value." }],
    ["attachment", { type: "object", required: ["@type"] }],
    ["subtitle", { type: ["string", "null"] }],
    ["weight", { anyOf: [{ type: "number" }, { type: "string" }, { type: "null" }] }],
    ["pin", { type: "string", writeOnly: true }],
    ["isbn", { type: "string", "x-immutable": true }],
    ["old", { deprecated: true }],
    ["nothing", { type: "null" }],
    ["shelf", { "x-oneof": "place" }],
    ["ownerMail", { format: "email" }],
  ])("write %s as proto3 JSON does", (name, expected) => {
    expect(book.properties[name]).toMatchObject(expected);
  });

  it.each([
    ["2147483647", true],
    ["-2147483648", true],
    ["2147483648", false],
    ["-2147483649", false],
    ["0", true],
    ["01", false],
    ["9999999999", false],
    ["1000000000", true],
    ["2099999999", true],
  ])("name the whole numbers of a type and no others: %s is an int32: %s", (text, isOne) => {
    expect(new RegExp(book.properties.votes.propertyNames.pattern).test(text)).toBe(isOne);
  });

  it.each([
    ["9223372036854775807", true],
    ["-9223372036854775808", true],
    ["9223372036854775808", false],
    ["-9223372036854775809", false],
    ["9199999999999999999", true],
    ["99999999999999999999", false],
  ])("do so for 64 bits: %s is an int64: %s", (text, isOne) => {
    expect(new RegExp(book.properties.copies.pattern).test(text)).toBe(isOne);
  });

  it("require what is required, and hold a oneof to one member; an optional field is no oneof", () => {
    expect(book.required).toEqual(["name", "title"]);
    const set = [{ required: ["shelf"] }, { required: ["drawer"] }];
    expect(book.allOf).toEqual([{ oneOf: [...set, { not: { anyOf: set } }] }]);
    expect(book.properties.lent["x-oneof"]).toBeUndefined();
  });
});
