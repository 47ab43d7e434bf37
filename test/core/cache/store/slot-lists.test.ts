// Slots in linked lists: order, reuse of free slots, growth, and the choice of the next eviction.
import { describe, expect, it } from "vitest";
import { evictionCandidate, SlotLists } from "../../../../core/cache/store/slot-lists.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** The keys of a list, from the oldest to the newest. */
function keysOf(slots: SlotLists<string>, list: number): string[] {
  const keys: string[] = [];
  for (let slot = slots.oldest(list); slot !== list; slot = slots.newer(slot)) keys.push(slots.key(slot));
  return keys;
}

function filled(keys: string, list = 0, lists = 2): SlotLists<string> {
  const slots = new SlotLists<string>(lists);
  for (const key of keys) slots.fill(slots.add(list, key), key.toUpperCase(), 1, NEVER);
  return slots;
}

describe("slot lists", () => {
  it("keep their slots in the order in which they were added or moved", () => {
    const slots = filled("abcd");
    slots.move(0, slots.find("b"));
    slots.move(0, slots.find("b")); // the newest stays where it is
    expect(keysOf(slots, 0)).toEqual(["a", "c", "d", "b"]);
    slots.move(1, slots.find("c"));
    slots.move(1, slots.find("a"));
    expect([keysOf(slots, 0), keysOf(slots, 1), slots.size]).toEqual([["d", "b"], ["c", "a"], 4]);
  });

  it("find a slot by its key, with its value, bytes and expiry", () => {
    const slots = filled("ab");
    const slot = slots.find("b");
    slots.fill(slot, "value", 7, 100);
    expect([slots.key(slot), slots.value(slot), slots.bytes(slot)]).toEqual(["b", "value", 7]);
    expect([slots.isExpired(slot, 99), slots.isExpired(slot, 100)]).toEqual([false, true]);
    expect(slots.find("c")).toBe(0);
  });

  it("use removed slots again before new ones", () => {
    const slots = filled("abc");
    const [a, b] = [slots.find("a"), slots.find("b")];
    slots.remove(a);
    slots.remove(b);
    expect([slots.find("a"), slots.size, keysOf(slots, 0)]).toEqual([0, 1, ["c"]]);
    expect([slots.add(0, "d"), slots.add(0, "e"), slots.add(0, "f")]).toEqual([b, a, slots.find("c") + 1]);
    expect(keysOf(slots, 0)).toEqual(["c", "d", "e", "f"]);
  });

  it("grow without losing a slot", () => {
    const slots = new SlotLists<number>(1);
    for (let n = 0; n < 300; n++) slots.fill(slots.add(0, `${n}`), n, n + 1, 1_000 + n);
    for (const n of [0, 62, 63, 64, 127, 128, 299]) {
      const slot = slots.find(`${n}`);
      expect([slots.value(slot), slots.bytes(slot), slots.isExpired(slot, 999 + n), slots.isExpired(slot, 1_000 + n)]).toEqual([
        n,
        n + 1,
        false,
        true,
      ]);
    }
    expect(slots.key(slots.oldest(0))).toBe("0");
  });

  it("are empty after clear(), and usable again", () => {
    const slots = filled("abc", 1);
    slots.clear();
    expect([slots.size, slots.find("a"), slots.oldest(0), slots.oldest(1)]).toEqual([0, 0, 0, 1]);
    slots.add(1, "d");
    expect(keysOf(slots, 1)).toEqual(["d"]);
  });
});

describe("the candidate for eviction", () => {
  it("is the oldest slot, or an expired one among the four oldest", () => {
    const slots = filled("abcdef");
    const expire = (key: string) => slots.fill(slots.find(key), key, 1, 10);
    const candidate = () => slots.key(evictionCandidate(slots, 0, 10));
    expect(candidate()).toBe("a");
    expire("e"); // the fifth
    expect(candidate()).toBe("a");
    expire("d");
    expect(candidate()).toBe("d");
    expire("b");
    expect(candidate()).toBe("b");
  });

  it("is the list itself where it is empty", () => {
    const slots = new SlotLists<string>(2);
    expect([evictionCandidate(slots, 0, 0), evictionCandidate(slots, 1, 0)]).toEqual([0, 1]);
    slots.add(1, "a");
    expect(evictionCandidate(slots, 1, 0)).toBe(slots.find("a"));
  });
});
