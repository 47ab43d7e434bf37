// Limits that all callers share: which get a note.
import { expect, it } from "vitest";
import { sharedDebtNotes } from "../../../cli/project/shared-debt.ts";

const notes = (rule: object): string[] => sharedDebtNotes({ rateLimits: { r: { capacity: 9_999, rate: 1, ...rule } } });

it.each(["all", "route"])("notes a small limit of key %s that fails open", (key) => {
  expect(notes({ key })).toEqual([
    'rateLimits.r: 10000 isolates that start at once let up to 56215 calls pass before they are charged, the bucket has 9999; write fail: "closed" where the limit protects something that so many calls would break',
  ]);
  expect(notes({ key, fail: "open", mode: "leased" })).toHaveLength(1);
});

it.each([
  { key: "all", capacity: 60_000 }, // 10,000 isolates with a debt of six tokens each
  { key: "all", fail: "closed" },
  { key: "all", fail: "reuse" },
  { key: "all", mode: "exact" },
  { key: "all", mode: "local" },
  { key: "ip" },
  { key: { header: "x-app" } },
  {},
])("does not note %j", (rule) => expect(notes(rule)).toEqual([]));

it.each([
  { capacity: 1, debt: 10_000 },
  { capacity: 100, debt: 10_714 },
  { capacity: 59_999, debt: 60_000 },
])("counts the debt of all isolates beside a capacity of $capacity: $debt calls", ({ capacity, debt }) => {
  expect(notes({ key: "all", capacity })).toEqual([expect.stringContaining(`let up to ${debt} calls pass`)]);
});

it("reads configurations without limits, and invalid ones", () => {
  for (const settings of [undefined, {}, { rateLimits: { r: null } }]) expect(sharedDebtNotes(settings)).toEqual([]);
});
