// Compares settings by what they say: two versions of a configuration that say the same of a part can share it.

/**
 * Whether two values say the same. Objects, lists, maps, sets and bytes are compared by their contents, maps and sets in their order;
 * functions and instances of classes by identity. Settings have no cycles.
 */
export function sameSettings(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const prototype = Object.getPrototypeOf(one);
  if (prototype !== Object.getPrototypeOf(other)) return false;
  if (prototype === Array.prototype || prototype === Uint8Array.prototype) return sameItems(one as Items, other as Items);
  if (prototype === Map.prototype || prototype === Set.prototype) return sameItems([...(one as Iterated)], [...(other as Iterated)]);
  return (prototype === Object.prototype || prototype === null) && sameFields(one as Fields, other as Fields);
}

type Items = ArrayLike<unknown>;
type Iterated = Iterable<unknown>;
type Fields = Readonly<Record<string, unknown>>;

function sameItems(one: Items, other: Items): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (!sameSettings(one[index], other[index])) return false;
  return true;
}

/** A field that is undefined is as good as none. */
function sameFields(one: Fields, other: Fields): boolean {
  for (const name in one) if (!sameSettings(one[name], other[name])) return false;
  for (const name in other) if (other[name] !== undefined && !(name in one)) return false;
  return true;
}
