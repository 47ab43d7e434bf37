// What operators write about a key, and how it comes back.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import {
  changedFields,
  lastUseText,
  NO_FIELDS,
  overlapEnd,
  settingsOf,
  stateText,
  textsOf,
} from "../../../../console/src/views/keys/key-text.ts";
import { KeySchema, State } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";

const NOW = Date.UTC(2026, 10, 30, 12);

describe("the fields of a key", () => {
  it("take lists with commas, spaces or lines between their entries", () => {
    const texts = { ...NO_FIELDS, owner: " acme ", scopes: "orders.read,orders.write\n users.read", addresses: "203.0.113.0/24" };
    expect(settingsOf(texts)).toMatchObject({
      owner: "acme",
      scopes: ["orders.read", "orders.write", "users.read"],
      tags: [],
      addresses: ["203.0.113.0/24"],
    });
    expect(settingsOf(texts)).not.toHaveProperty("expireTime");
  });

  it("come back as they were written, with the end to the minute", () => {
    const settings = {
      owner: "acme",
      name: "",
      plan: "free",
      scopes: ["a", "b"],
      tags: ["t"],
      addresses: [],
      expireTime: timestampFromMs(NOW),
    };
    const texts = textsOf(create(KeySchema, { settings }));
    expect(settingsOf(texts)).toMatchObject(settings);
  });

  it("name what has changed as an update mask does", () => {
    const after = { ...NO_FIELDS, plan: "team", expires: "2026-12-01T10:00", name: " " };
    expect(changedFields(NO_FIELDS, after)).toEqual(["plan", "expire_time"]);
    expect(changedFields(NO_FIELDS, NO_FIELDS)).toEqual([]);
  });
});

it("says when a key was used, and until when its former secret counts", () => {
  const key = create(KeySchema, { lastUseTime: timestampFromMs(NOW - 120_000), overlapEndTime: timestampFromMs(NOW + 1) });
  expect(lastUseText(key, NOW)).toMatch(/^2.min ago$/);
  expect(lastUseText(create(KeySchema), NOW)).toBe("never");
  expect([overlapEnd(key, NOW), overlapEnd(key, NOW + 1), overlapEnd(create(KeySchema), NOW)]).toEqual([NOW + 1, undefined, undefined]);
});

it("knows that a state may be one of a later gateway", () => {
  expect([stateText(State.REVOKED), stateText(99 as State)]).toEqual([
    ["revoked", "bad"],
    ["unknown", "quiet"],
  ]);
});
