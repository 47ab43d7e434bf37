// A value that several components show, and that is changed in one place.
import { useEffect, useState } from "preact/hooks";

export interface SharedValue<T> {
  get(): T;
  set(value: T): void;
  /** @returns ends the subscription */
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): SharedValue<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The value of a store; the component is drawn again whenever it changes. */
export function useStore<T>(store: SharedValue<T>): T {
  const drawn = store.get();
  const [, redraw] = useState(0);
  useEffect(() => {
    const changed = (): void => redraw((count) => count + 1);
    if (!Object.is(store.get(), drawn)) changed(); // since it was drawn: effects run later
    return store.subscribe(changed);
  }, [store]);
  return drawn;
}
