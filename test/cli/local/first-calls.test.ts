// The calls that a person is shown first.
import { expect, it } from "vitest";
import { firstCalls } from "../../../cli/local/first-calls.ts";

const shown = (paths: object): string[] => firstCalls("http://gateway", JSON.stringify({ paths }));

it("are those of the project's own services, with a value for each variable", () => {
  expect(shown({ "/v1/greetings/{name}": { get: {} }, "/v1/orders": { post: {} } })).toEqual([
    "REST      curl http://gateway/v1/greetings/1",
  ]);
});

it("are those of the example services where they are there", () => {
  expect(shown({ "/api/v1/users": { get: {}, post: {} } }).join("\n")).toContain("users.v1.UserService/ListUsers");
});

it("are none without a document", () => {
  expect(firstCalls("http://gateway", "{}")).toEqual([]);
});
