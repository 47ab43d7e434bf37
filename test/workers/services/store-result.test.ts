import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { CREATE_ERRORS, type Done, entityOrThrow, notFound, type Refused } from "../../../workers/services/store-result.ts";

type Result = Done<string> | Refused<"key_reused" | "full" | "gone">;
const ERRORS = { ...CREATE_ERRORS, gone: () => notFound("user", "usr_1") };
const thrownBy = (result: Result): unknown => {
  try {
    return entityOrThrow(result, ERRORS);
  } catch (error) {
    return error;
  }
};

it("returns the entity, also an empty one", () => {
  expect([thrownBy({ kind: "done", entity: "x" }), thrownBy({ kind: "done", entity: "" })]).toEqual(["x", ""]);
});

it.each([
  ["key_reused", Code.AlreadyExists, "request id was used before, for a request that differs"],
  ["full", Code.ResourceExhausted, "storage is full"],
  ["gone", Code.NotFound, "there is no user usr_1"],
] as const)("throws the error of %s", (kind, code, message) => {
  const error = thrownBy({ kind });
  expect(error).toBeInstanceOf(ConnectError);
  expect(error).toMatchObject({ code, rawMessage: message });
});
