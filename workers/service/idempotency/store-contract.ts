// The methods of the Durable Object `IdempotencyStore`, as a host calls them.
import type { Beginning, Begun } from "../../../core/idempotency/call-record.ts";

/** Rows of calls that still run fill the store. */
export interface StoreFull {
  readonly kind: "full";
}

export interface RecordStore {
  /** @param id of the key, 64 hex digits */
  begin(id: string, call: Beginning): Promise<Begun<Uint8Array> | StoreFull>;
  /** Records the response. @returns false where the call does not hold the key any more */
  finish(id: string, token: string, response: Uint8Array): Promise<boolean>;
  /** The call has ended without a response to record: a repeat runs again. */
  release(id: string, token: string): Promise<void>;
}

export interface RecordStores {
  getByName(name: string): RecordStore;
}
