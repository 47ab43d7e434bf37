// The state that a link carries: the view and its filters, after the # of the URL. Nothing secret is ever written there.
import { createStore, useStore } from "../data/store.ts";

export interface Place {
  readonly view: string; // "" for the first one
  readonly params: Readonly<Record<string, string>>;
}

/** Parameters that stay when the view changes. */
const STAYING = ["theme"];

/** @param hash of a URL, as in `#/services?upstream=users.v1.UserService` */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { view: decode(path), params: Object.fromEntries(new URLSearchParams(query)) };
}

/** @returns the hash of a place; parameters that are empty are left out */
export function hashOf({ view, params }: Place): string {
  const given = Object.entries(params).filter(([, value]) => value !== "");
  const query = new URLSearchParams(given).toString();
  return `#/${encodeURIComponent(view)}${query === "" ? "" : `?${query}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

const place = createStore<Place>({ view: "", params: {} });

/** Follows the URL. Called once. */
export function followLocation(): void {
  const read = (): void => place.set(placeOf(globalThis.location.hash));
  globalThis.addEventListener("hashchange", read);
  read();
}

export function usePlace(): Place {
  return useStore(place);
}

/** @returns the hash of a link to a view */
export function linkTo(view: string, params: Readonly<Record<string, string>> = {}): string {
  const { params: now } = place.get();
  const staying = Object.fromEntries(STAYING.flatMap((name) => (now[name] === undefined ? [] : [[name, now[name]]])));
  return hashOf({ view, params: { ...staying, ...params } });
}

/** A parameter of the view, and how to change it. Changes replace the entry of the history: the back button leaves the view. */
export function useParam(name: string, initial = ""): readonly [string, (value: string) => void] {
  const { params } = usePlace();
  return [params[name] ?? initial, (value) => setParams({ [name]: value === initial ? "" : value })];
}

export function setParams(changes: Readonly<Record<string, string>>): void {
  const { view, params } = place.get();
  const hash = hashOf({ view, params: { ...params, ...changes } });
  globalThis.history.replaceState(null, "", hash);
  place.set(placeOf(hash));
}
