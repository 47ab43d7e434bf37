import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { lengthOf, requireId, Violations } from "../../../workers/services/violations.ts";
import { fieldsOf } from "./support.ts";

function errorOf(call: () => void): ConnectError {
  try {
    call();
  } catch (error) {
    return error as ConnectError;
  }
  throw new Error("nothing was thrown");
}

describe("Violations", () => {
  it("throws all violations together, as a message and as details", () => {
    const violations = new Violations();
    violations.add("a", "is odd");
    violations.require(false, "b", "is even");
    violations.require(true, "c", "is fine");
    const error = errorOf(() => violations.throwIfAny());
    expect([error.code, error.rawMessage, fieldsOf(error)]).toEqual([Code.InvalidArgument, "a: is odd; b: is even", ["a", "b"]]);
  });

  it("throws nothing where there is none", () => {
    expect(() => new Violations().throwIfAny()).not.toThrow();
  });
});

it("requireId throws for a text that is no id of the kind, with the fix", () => {
  const error = errorOf(() => requireId("usr", "id", "ord_01arz3ndektsv4rrffq69g5fav"));
  expect([error.rawMessage, fieldsOf(error)]).toEqual(["id: write usr_ and the 26 characters that follow it", ["id"]]);
  expect(() => requireId("usr", "id", "usr_01arz3ndektsv4rrffq69g5fav")).not.toThrow();
});

it("lengthOf counts code points", () => {
  expect([lengthOf(""), lengthOf("gr\u00f6\u00dfe"), lengthOf("\u{1f600}")]).toEqual([0, 5, 1]);
});
