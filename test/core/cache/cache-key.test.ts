// Keys of stored responses.
import { describe, expect, it } from "vitest";
import { cacheKey, textOfBytes } from "../../../core/cache/cache-key.ts";

describe("a cache key", () => {
  it("differs wherever a part differs", () => {
    const keys = [
      cacheKey("a", "b", "c", []),
      cacheKey("ab", "", "c", []),
      cacheKey("a", "", "bc", []),
      cacheKey("a", "b", "c", [null]),
      cacheKey("a", "b", "c", [""]),
      cacheKey("a", "b", "c", ["-"]),
    ];
    expect(new Set(keys).size).toBe(6);
    expect(cacheKey("ab", "c", "", ["de", null])).toBe("2:ab1:c0:2:de-");
  });

  it("has one character for each byte of a message", () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, index) => (index * 7) % 256);
    const text = textOfBytes(bytes);
    expect(text).toHaveLength(20_000);
    for (const at of [0, 8_191, 8_192, 16_383, 16_384, 19_999]) expect(text.charCodeAt(at)).toBe(bytes[at]);
  });

  it("has no two equal texts for different parts", () => {
    const parts = ["", "a", "1:a", "-", "a1:b", "0:"];
    const keys = parts.flatMap((route) =>
      parts.flatMap((scope) => parts.flatMap((one) => [...parts, null].map((two) => cacheKey(route, scope, one, [two])))),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});
