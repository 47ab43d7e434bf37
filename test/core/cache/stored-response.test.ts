// How long a response stays stored, and the memory that it occupies.
import { expect, it } from "vitest";
import { type StoredResponse, storedBytes, storedUntil } from "../../../core/cache/stored-response.ts";

const RESPONSE: StoredResponse = {
  ...{
    status: 200,
    headers: [
      ["etag", '"a"'],
      ["x-a", "bc"],
    ],
    body: new Uint8Array(100),
    storedAt: 1,
    generatedAt: 1,
    freshUntil: 10,
  },
  ...{
    staleUntil: 11,
    staleIfErrorUntil: 12,
    revalidatableUntil: 0,
    fetchMs: 1,
    unchangedCount: 0,
    tags: ["t", "uu"],
    route: "r",
    purgeSeq: 1,
  },
};

it("is stored until the last of its times", () => {
  const times = { freshUntil: 1, staleUntil: 1, staleIfErrorUntil: 1, revalidatableUntil: 1 };
  for (const name of Object.keys(times)) expect(storedUntil({ ...RESPONSE, ...times, [name]: 9 })).toBe(9);
});

it("occupies its key, its whole buffer, its fields and its tags", () => {
  expect(storedBytes("key", RESPONSE)).toBe(900 + 6 + 100 + (80 + 4 + 3) + (80 + 3 + 2) + (80 + 1) + (80 + 2));
  const part = new Uint8Array(new ArrayBuffer(1_000), 10, 5);
  expect(storedBytes("", { ...RESPONSE, headers: [], tags: [], body: part })).toBe(1_900);
});
