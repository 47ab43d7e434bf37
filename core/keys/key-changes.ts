// Changes of a stored key: new settings, a new secret, its end. Each raises the revision, by which isolates and relays tell versions apart.
import type { KeyFields, KeyRecord } from "./key-record.ts";

/** Why a change was not made. */
export type KeyProblem = "not_found" | "exists" | "revoked" | "moved" | "full";

export type KeyOutcome = { readonly kind: "ok"; readonly record: KeyRecord } | { readonly kind: "refused"; readonly problem: KeyProblem };

type Change = (record: KeyRecord, now: number) => KeyRecord;

/**
 * Changes a key, unless it was revoked: that is final.
 *
 * @param record undefined where there is no such key
 * @param expectedRevision revision that the change is based on; 0 for any
 */
export function changed(record: KeyRecord | undefined, expectedRevision: number, change: Change, now: number): KeyOutcome {
  if (record === undefined) return { kind: "refused", problem: "not_found" };
  if (record.revokedAt !== undefined) return { kind: "refused", problem: "revoked" };
  if (expectedRevision !== 0 && expectedRevision !== record.revision) return { kind: "refused", problem: "moved" };
  return { kind: "ok", record: { ...change(record, now), revision: record.revision + 1 } };
}

/** @param fields all of them: what is missing is removed */
export function withFields({ owner, name, plan, scopes, tags, addresses, expiresAt }: KeyFields): Change {
  return ({ expiresAt: _, ...record }) => ({
    ...{ ...record, owner, name, plan, scopes, tags, addresses },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
}

/** The digest and the last characters of a key. */
export interface KeySecret {
  readonly digest: string;
  readonly lastFour: string;
}

/** A new secret. The former one counts until the overlap is over; one that was still in its overlap ends at once. @param overlapMs 0 for none */
export function withSecret({ digest, lastFour }: KeySecret, overlapMs: number): Change {
  return ({ previous: _, ...record }, now) => ({
    ...{ ...record, digest, lastFour },
    ...(overlapMs > 0 ? { previous: { digest: record.digest, lastFour: record.lastFour, until: now + overlapMs } } : {}),
  });
}

/** The end of a key. A key that was revoked before stays as it is, so that a revocation can be repeated. */
export function revoked(record: KeyRecord | undefined, now: number): KeyOutcome {
  if (record?.revokedAt !== undefined) return { kind: "ok", record };
  return changed(record, 0, ({ previous: _, ...rest }) => ({ ...rest, revokedAt: now }), now);
}
