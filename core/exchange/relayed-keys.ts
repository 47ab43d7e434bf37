// API keys in a relay: a copy of the sequence of changes, and the keys that isolates of the region have read.
import { KeyCache } from "../keys/key-cache.ts";
import { changesSince, type KeyDelta, latestOnly } from "../keys/key-log.ts";
import { grantBytes, type KeyGrant } from "../keys/key-record.ts";
import { type KeyUseTimes, PassedUses } from "../keys/key-uses.ts";
import { ABSENT_MS, type KeyReading, type KeysSection, type KeysView, type WantedKey } from "./key-messages.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to the Durable Object of the sequence. */
export interface KeyChangesRequest {
  readonly kind: "key_changes";
  readonly sequence: number;
  readonly sentAt: number; // epoch ms
  readonly known: number; // latest change that the relay has; 0 for none
}

type StoredReading = { readonly kind: "found"; readonly grant: KeyGrant } | { readonly kind: "absent"; readonly readAt: number };

const MAX_BYTES = 8_388_608; // 8 MiB, some 8,000 keys
const ABSENT_BYTES = 100;
const VIEW_SHARE = 4; // a relay adds at most a quarter of the age that isolates use to a view

export class RelayedKeys {
  readonly #requests = new RootRequests();
  readonly #keys: KeyCache<StoredReading>;
  readonly #uses = new PassedUses();

  constructor(maxBytes = MAX_BYTES) {
    this.#keys = new KeyCache(maxBytes);
  }

  get requests(): RootRequests {
    return this.#requests;
  }

  /** Latest change that the relay knows. */
  get seq(): number {
    return this.#keys.log.seq;
  }

  /** @returns the request that is due with an exchange */
  receive({ maxAgeMs }: KeysSection, intervalMs: number, now: number): KeyChangesRequest | undefined {
    return this.#requests.isDue(now, Math.min(intervalMs, maxAgeMs / VIEW_SHARE)) ? this.#start(now) : undefined;
  }

  /** @returns the request that a question has to wait for, unless one is running: the isolate would repeat it soon */
  receiveQuestion(maxAgeMs: number, now: number): KeyChangesRequest | undefined {
    return this.isRecent(maxAgeMs, now) || this.#requests.isRunning(now) ? undefined : this.#start(now);
  }

  isRecent(maxAgeMs: number, now: number): boolean {
    return this.#requests.ageMs(now) <= maxAgeMs / 2;
  }

  apply({ sequence, sentAt }: KeyChangesRequest, delta: KeyDelta): void {
    this.#keys.apply(delta); // any order is right
    this.#requests.succeed(sequence, sentAt);
  }

  /** @param known latest change that the isolate has; 0 for an isolate without keys @returns undefined where the sequence has never been read */
  viewFor(known: number, now: number): KeysView | undefined {
    if (!this.#requests.isKnown) return undefined;
    const { log } = this.#keys;
    const delta = known === 0 && log.seq > 0 ? latestOnly(log) : changesSince(log, known);
    return { delta, ageMs: this.#requests.ageMs(now) };
  }

  /** @returns undefined where the key has to be read from its Durable Object */
  readingOf({ id, revision }: WantedKey, now: number): KeyReading | undefined {
    const stored = this.#keys.get(id, now);
    if (stored?.kind === "found") return stored.grant.revision > revision ? stored : undefined;
    return stored && { kind: "absent", ageMs: Math.max(0, now - stored.readAt) };
  }

  /**
   * A key has been read.
   *
   * @param grant null where there is no such key
   * @param seq   of this relay when the read started
   * @returns false where the key may have changed since: it has to be read again
   */
  read(id: string, grant: KeyGrant | null, seq: number, now: number): boolean {
    const stored = this.#keys.get(id, now);
    if (stored?.kind === "found" && stored.grant.revision > (grant?.revision ?? 0)) return true; // a read that started later came first
    if (grant === null) return this.#keys.insert(id, { kind: "absent", readAt: now }, ABSENT_BYTES, seq, now, now + ABSENT_MS);
    return this.#keys.insert(id, { kind: "found", grant }, grantBytes(grant), seq, now);
  }

  /** @returns the uses that are to be passed on to the Durable Objects of the keys */
  pass(uses: KeyUseTimes): KeyUseTimes {
    return this.#uses.pass(uses);
  }

  #start(now: number): KeyChangesRequest {
    return { kind: "key_changes", sequence: this.#requests.start(now), sentAt: now, known: this.seq };
  }
}
