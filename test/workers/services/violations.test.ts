import { Code, type ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { hasLength, requireId, Violations } from "../../../workers/services/violations.ts";
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
  it("throws all violations together, as details, and the first one in the message", () => {
    const violations = new Violations();
    violations.add("a", "is odd");
    violations.require(false, "b", "is even");
    violations.require(true, "c", "is fine");
    const error = errorOf(() => violations.throwIfAny());
    expect([error.code, error.rawMessage, fieldsOf(error)]).toEqual([Code.InvalidArgument, "a: is odd, and 1 more", ["a", "b"]]);
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

it("hasLength counts code points, and does not count a text that is far too long", () => {
  expect([hasLength("", 0, 5), hasLength("", 1, 5), hasLength("gr\u00f6\u00dfe", 5, 5), hasLength("\u{1f600}", 1, 1)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  expect([hasLength("abcdef", 0, 5), hasLength("\u{1f600}".repeat(6), 0, 5), hasLength("a".repeat(1_000_000), 0, 5)]).toEqual([
    false,
    false,
    false,
  ]);
});
