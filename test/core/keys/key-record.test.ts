// What an operator writes about a key: its bounds, the form that is stored, and what isolates get of it.
import { describe, expect, it } from "vitest";
import { fieldProblems, grantBytes, grantOf, type KeyFields, type KeyRecord, normalized, rangesOf } from "../../../core/keys/key-record.ts";

const NOW = 1_000;
const FIELDS: KeyFields = {
  owner: "acme",
  name: "Batch import",
  plan: "pro",
  scopes: ["orders:read"],
  tags: ["team=a"],
  addresses: ["192.0.2.0/24"],
};
const problemsOf = (fields: Partial<KeyFields>) => fieldProblems({ ...FIELDS, ...fields }, NOW).map(({ field }) => field);
const many = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("the fields of a key", () => {
  it("say what to write in place of what is none", () => {
    const [problem] = fieldProblems({ ...FIELDS, addresses: ["192.0.2.0/33"] }, NOW);
    expect(JSON.stringify(problem)).toContain("write an address range such as 203.0.113.0/24");
  });

  it.each<[string, Partial<KeyFields>]>([
    ["as usual", {}],
    ["with nothing but an owner", { name: "", plan: "", scopes: [], tags: [], addresses: [] }],
    [
      "at their bounds",
      {
        owner: "o".repeat(128),
        name: "n".repeat(128),
        plan: "p".repeat(64),
        scopes: many(50, "s".repeat(126)),
        tags: many(20, "t".repeat(62)),
        addresses: many(50, "10.0.0."),
        expiresAt: NOW + 1,
      },
    ],
    ["with the addresses of both families", { addresses: ["2001:db8::/32", "10.1.2.3"] }],
  ])("are right %s", (_, fields) => {
    expect(problemsOf(fields)).toEqual([]);
  });

  it.each<[string, Partial<KeyFields>, string]>([
    ["no owner", { owner: "" }, "owner"],
    ["an owner with a space", { owner: "a b" }, "owner"],
    ["an owner with a line break", { owner: "a\n" }, "owner"],
    ["a long owner", { owner: "o".repeat(129) }, "owner"],
    ["a long name", { name: "n".repeat(129) }, "name"],
    ["a name with a control character", { name: "a\u0000" }, "name"],
    ["a name with a line separator", { name: "a\u2028" }, "name"],
    ["a long plan", { plan: "p".repeat(65) }, "plan"],
    ["a plan with a slash", { plan: "a/b" }, "plan"],
    ["too many scopes", { scopes: many(51, "s") }, "scopes"],
    ["an empty scope", { scopes: ["a", ""] }, "scopes[1]"],
    ["a scope with a space", { scopes: ["a b"] }, "scopes[0]"],
    ["a scope with a quote", { scopes: ['a"'] }, "scopes[0]"],
    ["a long scope", { scopes: ["s".repeat(129)] }, "scopes[0]"],
    ["too many tags", { tags: many(21, "t") }, "tags"],
    ["a long tag", { tags: ["t".repeat(65)] }, "tags[0]"],
    ["a tag with a comma", { tags: ["a,b"] }, "tags[0]"],
    ["too many addresses", { addresses: many(51, "10.0.0.") }, "addresses"],
    ["an address that is none", { addresses: ["10.0.0.0/33"] }, "addresses[0]"],
    ["an end that has passed", { expiresAt: NOW }, "expire_time"],
    ["an end that is no time", { expiresAt: Number.NaN }, "expire_time"],
  ])("are wrong with %s", (_, fields, field) => {
    expect(problemsOf(fields)).toEqual([field]);
  });

  it("reports everything at once", () => {
    expect(problemsOf({ owner: "", plan: "/", scopes: [""] })).toEqual(["owner", "plan", "scopes[0]"]);
  });

  it("are stored sorted, each once", () => {
    const stored = normalized({ ...FIELDS, scopes: ["b", "a", "b"], tags: ["z", "z"], addresses: ["10.0.0.2", "10.0.0.1"] });
    expect([stored.scopes, stored.tags, stored.addresses]).toEqual([["a", "b"], ["z"], ["10.0.0.1", "10.0.0.2"]]);
  });
});

const RECORD: KeyRecord = {
  ...FIELDS,
  ...{ id: "0123456789abcdef", revision: 3, digest: "0".repeat(64), lastFour: "wxyz", isImported: false, createdAt: 1, createdBy: "ada" },
};

it("gives isolates no more than they need", () => {
  const { id, revision, digest, owner, plan, scopes, addresses } = RECORD;
  expect(grantOf(RECORD)).toEqual({ id, revision, digest, owner, plan, scopes, addresses });
  const previous = { digest: "1".repeat(64), lastFour: "abcd", until: 9 };
  expect(grantOf({ ...RECORD, previous, expiresAt: 5, revokedAt: 4 })).toMatchObject({ previous, expiresAt: 5, revokedAt: 4 });
});

it("counts the bytes of what can grow", () => {
  const bytes = (fields: Partial<KeyRecord>) => grantBytes({ ...RECORD, ...fields }) - grantBytes(RECORD);
  expect(bytes({ scopes: [...RECORD.scopes, "x".repeat(100)] })).toBe(232);
  expect(bytes({ addresses: [...RECORD.addresses, "10.0.0.0/8"] })).toBe(452);
  expect(bytes({ plan: "pro".repeat(2) })).toBe(6);
});

it("reads the ranges", () => {
  expect(rangesOf(["10.0.0.0/8", "none", "::1"]).map(({ bits }) => bits)).toEqual([104, 128]);
});
