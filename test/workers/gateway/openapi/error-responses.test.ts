import { describe, expect, it } from "vitest";
import { own } from "../../../openapi/library.ts";

describe("error responses", () => {
  it("list every status of a call with a body and side effects, and the headers of a rate limit", () => {
    const responses = own.paths["/api/v1/users"].post.responses;
    expect(Object.keys(responses)).toEqual([
      "200",
      "400",
      "401",
      "403",
      "404",
      "409",
      "413",
      "415",
      "422",
      "429",
      "500",
      "501",
      "503",
      "504",
    ]);
    expect(Object.keys(own.components.responses.TooManyRequests.headers)).toEqual([
      "Retry-After",
      "RateLimit",
      "RateLimit-Policy",
      "X-Request-Id",
    ]);
  });

  it("leave out statuses that a call cannot have", () => {
    const responses = Object.keys(own.paths["/api/v1/users/{id}"].get.responses);
    expect(responses).not.toContain("409"); // a read has no conflict
    expect(responses).not.toContain("413"); // no body, so it cannot be too large
    expect(responses).toContain("504");
  });

  it("have an example in the form that callers get", () => {
    const { content } = own.components.responses.BadRequest;
    expect(content["application/json"].example).toMatchObject({
      code: 3,
      details: [{ "@type": "type.googleapis.com/google.rpc.BadRequest" }],
    });
  });
});
