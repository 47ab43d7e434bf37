import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  batchLength,
  exceededLimit,
  limitText,
  MAX_BATCH_BYTES,
  MAX_BATCH_MESSAGES,
  MAX_DELAY_SECONDS,
  MAX_MESSAGE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
} from "../../../core/queue/limits.ts";

describe("the limits of a queue", () => {
  it.each([
    { name: "a message of the largest size", sizes: [MAX_MESSAGE_BYTES], delay: 0, limit: undefined },
    {
      name: "one byte more",
      sizes: [1, MAX_MESSAGE_BYTES + 1],
      delay: 0,
      limit: { kind: "message_too_large", index: 1, bytes: MAX_MESSAGE_BYTES + 1 },
    },
    { name: "a full batch", sizes: Array(100).fill(2_460), delay: 0, limit: undefined },
    {
      name: "a batch with a byte too much",
      sizes: [...Array(99).fill(2_460), 2_461],
      delay: 0,
      limit: { kind: "batch_too_large", bytes: 256_001 },
    },
    { name: "one message too many", sizes: Array(101).fill(1), delay: 0, limit: { kind: "too_many_messages", messages: 101 } },
    { name: "the longest delay", sizes: [1], delay: MAX_DELAY_SECONDS, limit: undefined },
    ...[-1, 0.5, Number.NaN, MAX_DELAY_SECONDS + 1].map((seconds) => {
      return { name: `a delay of ${seconds}`, sizes: [1], delay: seconds, limit: { kind: "delay_out_of_range", seconds } };
    }),
  ])("$name", ({ sizes, delay, limit }) => {
    expect(exceededLimit(sizes, delay)).toEqual(limit);
  });

  it("are named with the value in the text", () => {
    const large = exceededLimit([1, 200_000], 0)!;
    expect(limitText(large)).toMatch(/^message 1 has 200000 bytes .* at most 127600 /);
    expect(limitText(exceededLimit(Array(101).fill(1), 0)!)).toMatch(/101 messages, at most 100/);
    expect(limitText(exceededLimit([127_000, 127_000, 127_000], 0)!)).toMatch(/has 381300 bytes, at most 256000/);
    expect(limitText(exceededLimit([1], 0.5)!)).toMatch(/0\.5 s/);
  });
});

it("a list of messages is split into batches that are within the limits and as long as they can be", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: MAX_MESSAGE_BYTES })), { maxLength: 300 });
  fc.assert(
    fc.property(sizes, (all) => {
      for (let rest = all; rest.length > 0; ) {
        const length = batchLength(rest);
        expect(length).toBeGreaterThanOrEqual(1);
        expect(exceededLimit(rest.slice(0, length), 0)).toBeUndefined();
        if (length < rest.length) expect(exceededLimit(rest.slice(0, length + 1), 0)).toBeDefined();
        rest = rest.slice(length);
      }
      expect(batchLength([])).toBe(0);
    }),
  );
  expect(MAX_BATCH_BYTES).toBeGreaterThan(2 * (MAX_MESSAGE_BYTES + MESSAGE_OVERHEAD_BYTES));
  expect(MAX_BATCH_MESSAGES).toBe(100);
});
