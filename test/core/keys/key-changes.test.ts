// Changes of a stored key.
import { describe, expect, it } from "vitest";
import { changed, revoked, withFields, withSecret } from "../../../core/keys/key-changes.ts";
import type { KeyRecord } from "../../../core/keys/key-record.ts";

const NOW = 1_000;
const RECORD: KeyRecord = {
  ...{
    id: "0123456789abcdef",
    revision: 3,
    digest: "d",
    lastFour: "wxyz",
    isImported: false,
    createdAt: 1,
    createdBy: "ada",
    expiresAt: 9_000,
  },
  ...{ owner: "acme", name: "n", plan: "pro", scopes: ["a"], tags: ["t"], addresses: [] },
};
const recordOf = (outcome: ReturnType<typeof changed>): KeyRecord => {
  if (outcome.kind === "refused") throw new Error(outcome.problem);
  return outcome.record;
};

describe("a change", () => {
  it("raises the revision", () => {
    expect(recordOf(changed(RECORD, 0, (record) => record, NOW)).revision).toBe(4);
    expect(recordOf(changed(RECORD, 3, (record) => record, NOW)).revision).toBe(4);
  });

  it.each([
    ["a key that is not there", undefined, 0, "not_found"],
    ["another revision", RECORD, 2, "moved"],
    ["a revoked key", { ...RECORD, revokedAt: 5 }, 0, "revoked"],
  ] as const)("is refused for %s", (_, record, revision, problem) => {
    expect(changed(record, revision, (one) => one, NOW)).toEqual({ kind: "refused", problem });
  });

  it("of settings replaces all of them", () => {
    const fields = { owner: "other", name: "", plan: "", scopes: [], tags: [], addresses: ["10.0.0.1"] };
    const after = recordOf(changed(RECORD, 0, withFields(fields), NOW));
    expect(after).toEqual({ ...RECORD, ...fields, revision: 4, expiresAt: undefined });
    expect("expiresAt" in after).toBe(false);
    expect(recordOf(changed(RECORD, 0, withFields({ ...fields, expiresAt: 7 }), NOW)).expiresAt).toBe(7);
  });
});

describe("a roll", () => {
  it("keeps the former secret for the overlap, and no older one", () => {
    const first = recordOf(changed(RECORD, 0, withSecret({ digest: "e", lastFour: "eeee" }, 500), NOW));
    expect(first).toMatchObject({ digest: "e", lastFour: "eeee", previous: { digest: "d", lastFour: "wxyz", until: 1_500 } });
    const second = recordOf(changed(first, 0, withSecret({ digest: "f", lastFour: "ffff" }, 500), NOW + 100));
    expect(second).toMatchObject({ digest: "f", previous: { digest: "e", until: 1_600 }, revision: 5 });
  });

  it("without overlap ends the former secret at once", () => {
    const first = recordOf(changed(RECORD, 0, withSecret({ digest: "e", lastFour: "eeee" }, 500), NOW));
    expect(recordOf(changed(first, 0, withSecret({ digest: "f", lastFour: "ffff" }, 0), NOW))).not.toHaveProperty("previous");
  });
});

describe("a revocation", () => {
  it("is final, and may be repeated", () => {
    const rolled = recordOf(changed(RECORD, 0, withSecret({ digest: "e", lastFour: "eeee" }, 500), NOW));
    const record = recordOf(revoked(rolled, NOW));
    expect(record).toMatchObject({ revokedAt: NOW, revision: 5 });
    expect(record).not.toHaveProperty("previous");
    expect(recordOf(revoked(record, NOW + 9))).toBe(record);
    expect(revoked(undefined, NOW)).toEqual({ kind: "refused", problem: "not_found" });
  });
});
