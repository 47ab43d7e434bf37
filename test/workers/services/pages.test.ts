import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId } from "../../../workers/services/ids.ts";
import { pageOf, readPageToken, writePageToken } from "../../../workers/services/pages.ts";
import { Violations } from "../../../workers/services/violations.ts";
import { fieldsOf } from "./support.ts";

describe("a page token", () => {
  it("is the position of its id, for every list of that kind", () => {
    const id = newId("usr", 5, undefined);
    expect(readPageToken(writePageToken(id), "usr")).toBe(id);
  });

  it("has the form that the schema of page_token has, and no other form is a token", () => {
    const form = /^after_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
    expect(writePageToken(newId("usr", 5, undefined))).toMatch(form);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(form)), (text) => {
        expect(readPageToken(text, "usr") !== undefined).toBe(form.test(text) && !text.includes("\n"));
      }),
    );
  });
});

describe("pageOf", () => {
  const page = (pageSize: number, pageToken = "") => {
    const violations = new Violations();
    return { ...pageOf({ pageSize, pageToken }, "usr", violations), violations };
  };

  it("has 50 entities by default and 1000 at most", () => {
    expect([0, 1, 1000, 1001, 5000].map((size) => page(size).limit)).toEqual([50, 1, 1000, 1000, 1000]);
  });

  it("starts after the id of its token, and at the first entity without one", () => {
    const id = newId("usr", 5, undefined);
    expect([page(1).after, page(1, writePageToken(id)).after]).toEqual(["", id]);
  });

  it("names both fields where both are wrong", () => {
    const { violations } = page(-1, "x");
    let fields: string[] = [];
    try {
      violations.throwIfAny();
    } catch (error) {
      fields = fieldsOf(error as never);
    }
    expect(fields).toEqual(["page_size", "page_token"]);
  });
});
