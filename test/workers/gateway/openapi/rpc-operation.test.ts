import { describe, expect, it } from "vitest";
import { library } from "../../../openapi/library.ts";

describe("a method without an HTTP rule", () => {
  const post = library.paths["/test.library.v1.Library/Unmapped"].post;

  it("is a Connect call by POST", () => {
    expect(post.operationId).toBe("Library_Unmapped");
    expect(Object.keys(post.requestBody.content)).toEqual(["application/json"]);
    expect(post.responses["200"].description).toBe("OK");
  });

  it("has the errors of Connect, whose code is a name", () => {
    expect(post.responses["404"]).toEqual({ $ref: "#/components/responses/ConnectNotFound" });
    const { example } = library.components.responses.ConnectNotFound.content["application/json"];
    expect(example.code).toBe("not_found");
  });
});
