// Messages of KeyService: fields from the settings of an operator, and keys as operators read them.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { KeyRecord } from "../../../../../core/keys/key-record.ts";
import { KeySettingsSchema, State } from "../../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { fieldsOf, keyMessage, timeField, updatedFields } from "../../../../../workers/gateway/admin/keys/key-messages.ts";

const NOW = 10_000;
const RECORD: KeyRecord = {
  ...{ id: "0123456789abcdef", revision: 3, digest: "d", lastFour: "wxyz", isImported: false, createdAt: 1_000, createdBy: "ada" },
  ...{ owner: "acme", name: "n", plan: "pro", scopes: ["a"], tags: [], addresses: [], expiresAt: 20_000 },
};
const settings = (fields: object) => create(KeySettingsSchema, fields);

describe("settings", () => {
  it("become the fields of a key", () => {
    const fields = fieldsOf(settings({ owner: "acme", scopes: ["b", "a", "a"], expireTime: timestampFromMs(10_001) }), NOW);
    expect(fields).toEqual({ owner: "acme", name: "", plan: "", scopes: ["a", "b"], tags: [], addresses: [], expiresAt: 10_001 });
    expect(fieldsOf(settings({ owner: "acme" }), NOW)).not.toHaveProperty("expiresAt");
  });

  it("are refused with the first problem, and how many there are", () => {
    expect(() => fieldsOf(settings({ owner: "", plan: "/" }), NOW, "keys[1]")).toThrow(/keys\[1\]\.owner: write 1 to 128 .*, and 1 more/);
    expect(() => fieldsOf(undefined, NOW)).toThrow("settings: write at least the owner");
  });

  it("change the masked fields of a key alone", () => {
    const { expiresAt: _, ...endless } = RECORD;
    expect(updatedFields(RECORD, settings({ plan: "free", owner: "x" }), ["plan"], NOW)).toEqual({ ...RECORD, plan: "free" });
    expect(updatedFields(RECORD, settings({}), ["expire_time", "scopes"], NOW)).toEqual({ ...endless, scopes: [] });
    const ended = { ...RECORD, expiresAt: 5 }; // an end that has passed is no problem where it does not change
    expect(updatedFields(ended, settings({ plan: "free" }), ["plan"], NOW)).toMatchObject({ expiresAt: 5, plan: "free" });
    expect(() => updatedFields(RECORD, settings({}), ["expireTime"], NOW)).toThrow("found expireTime");
  });
});

describe("a key", () => {
  it.each<[Partial<KeyRecord>, State]>([
    [{}, State.ACTIVE],
    [{ expiresAt: NOW + 1 }, State.ACTIVE],
    [{ expiresAt: NOW }, State.EXPIRED],
    [{ expiresAt: NOW, revokedAt: 5 }, State.REVOKED],
  ])("with %j is %i", (fields, state) => {
    expect(keyMessage({ ...RECORD, ...fields }, NOW).state).toBe(state);
  });

  it("shows the end of an overlap until it is over", () => {
    const rolled = (until: number) => keyMessage({ ...RECORD, previous: { digest: "e", lastFour: "", until } }, NOW).overlapEndTime;
    expect([rolled(NOW), rolled(NOW + 1)?.nanos]).toEqual([undefined, 1_000_000]);
  });

  it("has its times, and no digest", () => {
    const message = keyMessage(RECORD, NOW, 2_000);
    expect(message).toMatchObject({
      createTime: { seconds: 1n },
      lastUseTime: { seconds: 2n },
      settings: { expireTime: { seconds: 20n } },
    });
    expect(Object.keys(message)).not.toContain("digest");
    expect(timeField("x", Number.POSITIVE_INFINITY)).toEqual({});
  });
});
