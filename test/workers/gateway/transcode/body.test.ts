// Content types of bodies, and what the option assumeJson changes.
import { describe, expect, it } from "vitest";
import { outcomeOf, tableOf } from "../../../transcoding/call.ts";

describe("assumeJson", () => {
  it.each([null, "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"])(
    "reads a body with content type %s as JSON",
    (type) => {
      const request = { method: "POST", path: "/v1/star/a", body: '{"i32": 1}', ...(type === null ? {} : { contentType: type }) };
      expect(outcomeOf(tableOf({ assumeJson: true }), request)).toEqual({ s: "a", i32: 1 });
      expect(outcomeOf(tableOf({}), request)).toMatchObject({ kind: "unsupported_content_type" });
    },
  );

  it.each(["text/plain", "application/x-www-form-urlencodedx", "multipart/form-data", "application/json; charset=latin1"])(
    "does not read a body with content type %s as JSON",
    (contentType) => {
      const request = { method: "POST", path: "/v1/star/a", body: "{}", contentType };
      expect(outcomeOf(tableOf({ assumeJson: true }), request)).toMatchObject({ kind: "unsupported_content_type" });
    },
  );
});
