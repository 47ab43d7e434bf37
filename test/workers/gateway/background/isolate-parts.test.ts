// Parts of an isolate that versions of the configuration share.
import { expect, it } from "vitest";
import { IsolateParts, type VersionParts } from "../../../../workers/gateway/background/isolate-parts.ts";

/** Counts what is made and what has ended. */
function counted() {
  const made: string[] = [];
  const ended: string[] = [];
  const part = (version: VersionParts, name: string, settings: unknown, within: () => void = () => undefined) =>
    version.get(
      name,
      settings,
      (previous: { text: string } | undefined) => {
        within();
        const text = `${name} ${JSON.stringify(settings)}`;
        made.push(previous === undefined ? text : `${text} after ${previous.text}`);
        return { text };
      },
      ({ text }) => void ended.push(text),
    );
  return { isolate: new IsolateParts(), made, ended, part };
}

it("shares a part between versions that say the same of it, until the last of them is released", () => {
  const { isolate, made, ended, part } = counted();
  const [one, other] = [isolate.version(), isolate.version()];
  expect(part(one, "a", { max: 1 })).toBe(part(other, "a", { max: 1 }));
  expect(made).toEqual(['a {"max":1}']);
  one.release();
  one.release(); // twice is once
  expect([isolate.size, ended]).toEqual([1, []]);
  other.release();
  expect([isolate.size, ended]).toEqual([0, ['a {"max":1}']]);
});

it("makes another part for other settings, which gets what the former one knows", () => {
  const { isolate, made, part } = counted();
  const [one, other] = [isolate.version(), isolate.version()];
  expect(part(one, "a", { max: 1 })).not.toBe(part(other, "a", { max: 2 }));
  expect(made).toEqual(['a {"max":1}', 'a {"max":2} after a {"max":1}']);
});

it("keeps what a shared part has been made from, and ends it after the part", () => {
  const { isolate, ended, part } = counted();
  const [one, other] = [isolate.version(), isolate.version()];
  part(one, "outer", 1, () => void part(one, "inner", 1));
  part(other, "outer", 1, () => expect.fail("the part exists"));
  one.release();
  expect([isolate.size, ended]).toEqual([2, []]);
  other.release();
  expect([isolate.size, ended]).toEqual([0, ["outer 1", "inner 1"]]);
});

it("ends what a version has made that could not be compiled", () => {
  const { isolate, ended, part } = counted();
  const version = isolate.version();
  const failing = () => {
    part(version, "inner", 1);
    throw new Error("no such binding");
  };
  expect(() => part(version, "outer", 1, failing)).toThrow("no such binding");
  version.release();
  expect([isolate.size, ended]).toEqual([0, ["inner 1"]]);
});

it("gives a released version parts of its own, which nothing has to end", () => {
  const { isolate, part } = counted();
  const version = isolate.version();
  version.release();
  part(version, "late", 1);
  expect(isolate.size).toBe(0);
});
