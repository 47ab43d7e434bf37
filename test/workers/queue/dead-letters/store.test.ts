import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { deadLetters, eventOf } from "./dead-letters.ts";

afterEach(() => reset());

it("stores each message once, in order, over an eviction", async () => {
  for (const message of ["m-1", "m-2", "m-1"]) expect(await deadLetters().add(message, eventOf(1))).toBe(true);
  await evictDurableObject(deadLetters());
  const page = await deadLetters().list(0, 10);
  expect([page.total, page.deadLetters.map(({ number }) => number)]).toEqual([2, [1, 2]]);
  expect(page.deadLetters[0]!.envelope).toEqual(eventOf(1));
});

it("lists pages after a number, which end early where they get large", async () => {
  for (let n = 1; n <= 45; n++) await deadLetters().add(`m-${n}`, eventOf(n, 120_000));
  const numbers = async (after: number, limit: number) => (await deadLetters().list(after, limit)).deadLetters.map(({ number }) => number);
  expect(await numbers(2, 2)).toEqual([3, 4]);
  expect((await numbers(0, 100)).length).toBe(35);
  expect((await numbers(35, 100)).length).toBe(10);
});

it("removes and finds by number, and never gives a number twice", async () => {
  for (const n of [1, 2, 3]) await deadLetters().add(`m-${n}`, eventOf(n));
  await deadLetters().remove([3, 99]);
  await deadLetters().add("m-4", eventOf(4));
  expect((await deadLetters().find([1, 3, 4])).map(({ number }) => number)).toEqual([1, 4]);
});

it("refuses what is above its number of rows", async () => {
  await runInDurableObject(deadLetters(), (object) => void Object.assign(object, { maxRows: 1 }));
  expect(await deadLetters().add("m-1", eventOf(1))).toBe(true);
  expect(await deadLetters().add("m-2", eventOf(2))).toBe(false);
  expect(await deadLetters().add("m-1", eventOf(1))).toBe(true);
});
