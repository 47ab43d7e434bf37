// Messages about API keys: a section of the exchange, and the question of an isolate that needs a key, or a more recent view, at once.
import type { KeyDelta } from "../keys/key-log.ts";
import type { KeyGrant } from "../keys/key-record.ts";
import type { KeyUseTimes } from "../keys/key-uses.ts";

/** Section of an exchange. */
export interface KeysSection {
  readonly known: number; // latest change that the isolate knows; 0 where it has no keys
  readonly maxAgeMs: number; // age up to which the isolate uses a view
  readonly used?: KeyUseTimes;
}

/** The changes of keys, as a relay knows them. */
export interface KeysView {
  readonly delta: KeyDelta;
  readonly ageMs: number; // time since the relay requested this state of the log
}

export const MAX_WANTED_KEYS = 100; // in one question

/** A question of an isolate, which some call waits for. */
export interface KeysQuestion {
  readonly version: number; // message format
  readonly known: number;
  readonly maxAgeMs: number;
  readonly wanted: readonly WantedKey[];
}

export interface WantedKey {
  readonly id: string;
  readonly revision: number; // revision that the isolate has, where it wants a newer one; else 0
}

/** A part that the relay does not know is missing: it could not reach the Durable Object. */
export interface KeysAnswer {
  readonly version: number;
  readonly view?: KeysView;
  /** By id. All are as of `view.delta.seq`. */
  readonly keys: Readonly<Record<string, KeyReading>>;
}

export type KeyReading =
  | { readonly kind: "found"; readonly grant: KeyGrant }
  /** `ageMs`: time since the relay has read that there is no such key. */
  | { readonly kind: "absent"; readonly ageMs: number };

export const ABSENT_MS = 30_000; // time for which the absence of a key is believed
