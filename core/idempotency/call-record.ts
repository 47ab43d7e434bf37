// What is recorded of one idempotency key, and what a call with that key may do.
//   (none) --begin--> running --finish--> done --expires--> (none)
//     ^                 |  ^
//     |--release--------'  '-- begin, after the lease: the call before it is taken for lost
// A record has a fingerprint of the payload from its first call on: until it expires, another payload is refused.

/** How long a key holds after its call has ended, ms. */
export const RETENTION_MS = 86_400_000;
/** Size of the largest response that is recorded, bytes. */
export const MAX_RESPONSE_BYTES = 65_536;

/** A response, or the size of one that was too large to be recorded. */
export type RecordedResponse<R> = { readonly kind: "stored"; readonly response: R } | { readonly kind: "omitted"; readonly bytes: number };

interface Common {
  readonly fingerprint: string;
  readonly expiresAt: number; // epoch ms
}

export interface RunningKey extends Common {
  readonly kind: "running";
  readonly token: string; // names the call that runs; unique among the calls with this key
  readonly leaseUntil: number; // epoch ms; from then on the call is taken for lost
}

export interface DoneKey<R> extends Common {
  readonly kind: "done";
  readonly recorded: RecordedResponse<R>;
}

export type CallRecord<R> = RunningKey | DoneKey<R>;

/** A call that wants to begin. */
export interface Beginning {
  readonly fingerprint: string;
  readonly token: string;
  readonly leaseMs: number; // time within which the call ends, > 0
}

export type Begun<R> =
  | { readonly kind: "started" } // the call may have its effect
  | { readonly kind: "running" } // another call with this key has not ended yet
  | { readonly kind: "key_reused" } // the key belongs to another payload
  | { readonly kind: "replayed"; readonly recorded: RecordedResponse<R> };

/**
 * @param now epoch ms
 * @returns the record to store (the same object where nothing changes), and what the call may do
 */
export function begin<R>(record: CallRecord<R> | undefined, call: Beginning, now: number): [CallRecord<R>, Begun<R>] {
  const live = record !== undefined && record.expiresAt > now ? record : undefined;
  if (live !== undefined && live.fingerprint !== call.fingerprint) return [live, { kind: "key_reused" }];
  if (live?.kind === "done") return [live, { kind: "replayed", recorded: live.recorded }];
  if (live?.kind === "running" && live.leaseUntil > now) return [live, { kind: "running" }];
  const { fingerprint, token, leaseMs } = call;
  return [{ kind: "running", fingerprint, token, leaseUntil: now + leaseMs, expiresAt: now + RETENTION_MS }, { kind: "started" }];
}

/**
 * The call that holds the key has ended. A call whose lease was over, and whose key another call holds by now, changes nothing.
 *
 * @returns the record to store; undefined where the call does not hold the key
 */
export function finish<R>(
  record: CallRecord<R> | undefined,
  token: string,
  recorded: RecordedResponse<R>,
  now: number,
): DoneKey<R> | undefined {
  if (record?.kind !== "running" || record.token !== token) return undefined;
  return { kind: "done", fingerprint: record.fingerprint, recorded, expiresAt: now + RETENTION_MS };
}

/** The call has ended without an effect, and a repeat may run. @returns whether the record is to be deleted */
export function isReleased<R>(record: CallRecord<R> | undefined, token: string): boolean {
  return record?.kind === "running" && record.token === token;
}
