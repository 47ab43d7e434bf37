// What both services share: ids, page tokens, masks, and who a violation is told to.
import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OrderSchema } from "../../../protos/gen/orders/v1/orders_pb.ts";
import { UserSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { draftOf, fieldsToUpdate } from "../../../workers/services/fields.ts";
import { readPageToken, writePageToken } from "../../../workers/services/pages.ts";
import { isId, newId, ulid } from "../../../workers/services/ulid.ts";
import { Violations } from "../../../workers/services/violations.ts";
import { fieldsOf } from "./support.ts";

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const dice = fc.uint8Array({ minLength: 16, maxLength: 16 });

describe("a ULID", () => {
  it("reads as the specification's example does, in lower case", () => {
    expect(ulid(1_469_918_176_385, new Uint8Array(16)).slice(0, 10)).toBe("01aryz6s41");
  });

  it("sorts as the times do", () => {
    fc.assert(
      fc.property(times, times, dice, dice, (a, b, rolled, rolledAgain) => {
        fc.pre(a < b);
        expect(ulid(a, rolled) < ulid(b, rolledAgain)).toBe(true);
      }),
    );
  });

  it("sorts after the one before it, whatever the clock says", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), dice), { minLength: 2 }), (steps) => {
        let before: string | undefined;
        for (const [now, rolled] of steps) {
          const id = ulid(now, rolled, before);
          expect(id > (before ?? "")).toBe(true);
          expect(isId("usr", `usr_${id}`)).toBe(true);
          before = id;
        }
      }),
    );
  });

  it("moves its time on when a millisecond has used up its randomness", () => {
    const last = ulid(7, new Uint8Array(16).fill(31));
    expect(ulid(7, new Uint8Array(16), last)).toBe(ulid(8, new Uint8Array(16)));
  });

  it.each([
    "",
    "usr_",
    "usr_01ARYZ6S41TSV4RRFFQ69G5FAV",
    "usr_81aryz6s41tsv4rrffq69g5fav",
    "usr_01aryz6s41tsv4rrffq69g5fau0",
    "ord_01aryz6s41tsv4rrffq69g5fav",
    "usr_01aryz6s41tsv4rrffq69g5fai",
  ])("is not %s", (text) => expect(isId("usr", text)).toBe(false));

  it("follows the id before it, of the same kind", () => {
    const first = newId("usr", 5, undefined);
    expect(newId("usr", 5, first) > first).toBe(true);
  });
});

describe("a page token", () => {
  it("gives back the id it was made of, to any list of that kind", () => {
    const id = newId("usr", 5, undefined);
    expect(readPageToken(writePageToken(id), "usr")).toBe(id);
  });

  it("has the form that the schema of page_token has, and no other form is one", () => {
    const form = /^after_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
    expect(writePageToken(newId("usr", 5, undefined))).toMatch(form);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(form)), (text) => {
        expect(readPageToken(text, "usr") !== undefined).toBe(form.test(text) && !text.includes("\n"));
      }),
    );
  });
});

describe("the fields of an update", () => {
  const update = (paths: string[] | undefined) => {
    const wrong = new Violations();
    const message = create(OrderSchema, { id: "ord_x", note: "n" });
    const fields = fieldsToUpdate(OrderSchema, message, paths && create(FieldMaskSchema, { paths }), wrong);
    return { names: fields.map(({ name }) => name), refuse: () => wrong.refuse() };
  };

  it("are those of the mask, set or not", () => {
    expect(update(["items", "note"]).names).toEqual(["items", "note"]);
  });

  it.each([undefined, []])("are those that are set, with the mask %j", (paths) => {
    expect(update(paths).names).toEqual(["note"]);
  });

  it.each(["state", "user_id", "id", "create_time", "nope", "items.sku", "*", "", "__proto__", "constructor"])("are never %s", (path) => {
    const { names, refuse } = update(["note", path]);
    expect(names).toEqual(["note"]);
    expect(refuse).toThrow(ConnectError);
  });
});

it("keeps what is not the caller's to write out of a draft, and what nobody knows", () => {
  const user = create(UserSchema, { id: "usr_x", displayName: "Ada", createTime: { seconds: 1n } });
  user.$unknown = [{ no: 99, wireType: 0, data: new Uint8Array([1]) }];
  expect(draftOf(UserSchema, user)).toEqual(create(UserSchema, { displayName: "Ada" }));
  expect(user.id).toBe("usr_x");
});

it("tells all violations at once", () => {
  const wrong = new Violations();
  wrong.add("a", "is odd");
  wrong.unless(false, "b", "is even");
  wrong.unless(true, "c", "is fine");
  const error = (() => {
    try {
      wrong.refuse();
    } catch (reason) {
      return reason as ConnectError;
    }
    throw new Error("nothing was refused");
  })();
  expect([error.code, error.rawMessage, fieldsOf(error)]).toEqual([Code.InvalidArgument, "a: is odd; b: is even", ["a", "b"]]);
});
