// Values that are derived from others, and made again only where one of these has become another object.

interface Made<Value> {
  readonly from: readonly unknown[];
  readonly value: Value;
}

export class Derived<Key extends object, Value> {
  readonly #made = new WeakMap<Key, Made<Value>>();

  /**
   * The value that was made last for this key, where it was made of the same objects; otherwise a new one.
   *
   * @param from all that the value depends on beside the key; compared by identity
   */
  get(key: Key, from: readonly unknown[], make: () => Value): Value {
    const made = this.find(key, from);
    if (made !== undefined) return made;
    const value = make();
    this.set(key, from, value);
    return value;
  }

  /** @returns undefined where nothing was made of these objects last; `Value` is never undefined itself */
  find(key: Key, from: readonly unknown[]): Value | undefined {
    const made = this.#made.get(key);
    return made !== undefined && sameObjects(made.from, from) ? made.value : undefined;
  }

  /** For values that are not always worth remembering. */
  set(key: Key, from: readonly unknown[], value: Value): void {
    this.#made.set(key, { from, value });
  }
}

function sameObjects(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (!Object.is(one[index], other[index])) return false;
  return true;
}
