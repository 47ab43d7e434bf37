import { expect, it } from "vitest";
import { post, send } from "../../../transcoding/send.ts";

it("refuses a message without a required field of proto2, and names the field", () => {
  expect(send("POST", "/v1/two", "{}")).toEqual({ fields: ["two.name"], problem: "two.name is required" });
  expect(post('{"two": {"name": "x", "inner": {"level": "LEVEL_LOW"}}}').fields).toEqual(["two.inner.name"]);
  expect(send("GET", "/v1/read?two.level=LEVEL_LOW").fields).toEqual(["two.name"]);
});
