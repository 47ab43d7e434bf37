// Purge tags from templates.
import { describe, expect, it } from "vitest";
import { fieldPaths, parseTagTemplate, renderTag } from "../../../../core/cache/purge/tag-template.ts";

describe("a tag template", () => {
  it("is literal text with fields of the request", () => {
    const template = parseTagTemplate("user:{user.id}-{n}");
    expect(template).toEqual(["user:", ["user", "id"], "-", ["n"]]);
    expect(fieldPaths(template)).toEqual([["user", "id"], ["n"]]);
    const render = (values: Record<string, unknown>) => renderTag(template, (path) => values[path.join(".")]);
    expect(render({ "user.id": "7", n: 8n })).toBe("user:7-8");
    expect([
      render({ "user.id": true, n: 1.5 }),
      render({ "user.id": "", n: 1 }),
      render({ n: 1 }),
      render({ "user.id": {}, n: 1 }),
      render({ "user.id": "a b", n: 1 }),
      render({ "user.id": "a,b", n: 1 }),
    ]).toEqual(["user:true-1.5", undefined, undefined, undefined, undefined, undefined]);
    expect(render({ "user.id": "x".repeat(249), n: 1 })).toHaveLength(256);
    expect(render({ "user.id": "x".repeat(250), n: 1 })).toBeUndefined();
  });

  it("needs no field, and takes fields of all scalar types", () => {
    const render = (template: string, value: unknown) => renderTag(parseTagTemplate(template), () => value);
    expect([render("all", undefined), render("{a}", 7n), render("{a}", false), render("{a}", null)]).toEqual([
      "all",
      "7",
      "false",
      undefined,
    ]);
  });
});
