import { describe, expect, it } from "vitest";
import { type Document, library } from "../../../openapi/library.ts";

describe("operationOf", () => {
  it("requires no field in the body of a PATCH, and leaves out fields of the path", () => {
    const { schema } = library.paths["/v1/books/{name}:byName"].patch.requestBody.content["application/json"];
    expect(schema.required).toBeUndefined();
    expect(Object.keys(schema.properties)).not.toContain("name");
  });

  it("accepts raw bytes for an HttpBody", () => {
    expect(library.paths["/v1/files/{path}"].put.requestBody.content).toEqual({ "*/*": {} });
  });

  it("has NDJSON as the body of a stream of requests", () => {
    expect(Object.keys(library.paths["/v1/books:import"].post.requestBody.content)).toEqual(["application/x-ndjson"]);
  });

  it("has a request_id in the body and in no header", () => {
    const { post } = library.paths["/v1/loans/{loan}:renew"];
    expect(post.parameters.map(({ in: place }: Document) => place)).toEqual(["path"]);
    expect(Object.keys(post.requestBody.content["application/json"].schema.properties)).toContain("requestId");
    expect(library.paths["/v1/loans/{loan}:renew"].post.requestBody.content["application/json"].schema.properties).not.toHaveProperty(
      "loan",
    );
  });

  it("has the schema of the field named by response_body", () => {
    const { schema } = library.paths["/v1/books/{name}:byName"].patch.responses["200"].content["application/json"];
    expect(schema).toEqual({ $ref: "#/components/schemas/test.library.v1.Book" });
  });

  it("has three framings for a stream of responses", () => {
    const { content } = library.paths["/v1/loans/{loan}:renew"].post.responses["200"];
    expect(Object.keys(content)).toEqual(["application/json", "application/x-ndjson", "text/event-stream"]);
  });
});
