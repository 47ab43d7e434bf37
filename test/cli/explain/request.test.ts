// Requests as people write them.
import { expect, it } from "vitest";
import { colors, requestOf } from "../../../cli/explain/request.ts";

it.each([
  [["get", "/api/v1/users?x=1"], { method: "GET", path: "/api/v1/users?x=1", isRpc: false }],
  [["users.v1.UserService/GetUser"], { method: "POST", path: "/users.v1.UserService/GetUser", isRpc: true }],
  [["/users.v1.UserService/GetUser"], { method: "POST", path: "/users.v1.UserService/GetUser", isRpc: true }],
])("reads %o", (words, request) => {
  expect(requestOf(words, "explain")).toEqual(request);
});

it.each([[[]], [["GET"]], [["GET", "api"]], [["GET", "/a", "b"]], [["G-T", "/a"]]])("refuses %o", (words) => {
  expect(() => requestOf(words, "explain")).toThrow("write METHOD /path");
});

it("paints only where the terminal shows colors", () => {
  expect([colors(true).strong("a"), colors(false).strong("a")]).toEqual(["\u001b[1ma\u001b[0m", "a"]);
});
