import { describe, expect, it } from "vitest";
import { exampleFor } from "../../../../../workers/gateway/openapi/schemas/example.ts";

const components = new Map([
  ["Node", { type: "object", properties: { name: { type: "string" }, next: { $ref: "#/components/schemas/Node" } } }],
]);

describe("exampleFor", () => {
  it.each([
    [{ type: "string", examples: ["given"] }, "given"],
    [{ const: 7 }, 7],
    [{ enum: ["KIND_UNSPECIFIED", "KIND_A"] }, "KIND_A"],
    [{ anyOf: [{ type: "number" }, { type: "null" }] }, 1],
    [{ type: "integer", minimum: 10 }, 10],
    [{ type: "string", format: "date-time" }, "2026-01-31T12:00:00Z"],
    [{ type: "string", minLength: 6 }, "textxx"],
    [{ type: "array", items: { type: "boolean" } }, [true]],
    [{ type: ["string", "null"] }, "text"],
  ])("makes a value for %j: %j", (schema, example) => {
    expect(exampleFor(schema, components, "request")).toEqual(example);
  });

  it("leaves out read-only fields of a request, and all but one member of a oneof", () => {
    const schema = {
      type: "object",
      properties: {
        id: { type: "string", readOnly: true },
        secret: { type: "string", writeOnly: true },
        a: { type: "boolean", "x-oneof": "choice" },
        b: { type: "boolean", "x-oneof": "choice" },
      },
    };
    expect(exampleFor(schema, components, "request")).toEqual({ secret: "secret", a: true });
    expect(exampleFor(schema, components, "response")).toEqual({ id: "id", a: true });
  });

  it("ends where a message contains itself", () => {
    expect(exampleFor({ $ref: "#/components/schemas/Node" }, components, "request")).toEqual({ name: "Ada" });
  });
});
