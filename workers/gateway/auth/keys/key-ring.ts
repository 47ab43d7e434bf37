// The API keys that this isolate has read, with its view of revocations. The background exchange brings new revocations; a key that is read
// brings them as well.
import type { Principal } from "../../../../core/auth/principal.ts";
import { Lru } from "../../../../core/cache/store/lru.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import { ABSENT_MS, type KeyReading, type KeysAnswer, type KeysView, type WantedKey } from "../../../../core/exchange/key-messages.ts";
import type { ExchangeReply } from "../../../../core/exchange/messages.ts";
import { type HeldKey, holdKey } from "../../../../core/keys/held-key.ts";
import { KeyCache } from "../../../../core/keys/key-cache.ts";
import { grantBytes, type KeyGrant } from "../../../../core/keys/key-record.ts";
import { KeyUses, type KeyUseTimes, USE_STEP_MS } from "../../../../core/keys/key-uses.ts";
import { RevocationView } from "../../../../core/keys/revocation-view.ts";
import type { ExchangeDraft, ExchangeSection } from "../../background/exchange.ts";

/** A key with whom it proves. */
export interface RingKey extends HeldKey {
  readonly principal: Principal;
}

/** A key that refuses all calls: it was revoked, or there is none of this id. */
export type EndedKey = RingKey | "absent";

type RingPolicy = Pick<KeysPolicy, "cacheBytes" | "revocationMaxAgeMs" | "maxStaleMs">;

const ENDED_SHARE = 8; // an eighth of the memory for ended keys, and one for credentials that fit no key
const SMALL_BYTES = 200;
const IDLE_MS = 60_000; // without calls with keys for this long, exchanges leave the keys out

export class KeyRing implements ExchangeSection {
  readonly isNeeded = false;
  readonly view: RevocationView;
  readonly maxAgeMs: number;
  readonly #keys: KeyCache<RingKey>;
  readonly #ended: Lru<EndedKey>; // keyed by id
  readonly #mismatches: Lru<true>; // keyed by the digest of a credential whose key has another one
  readonly #uses = new KeyUses();
  #sent: KeyUseTimes | undefined = undefined;
  #calledAt = Number.NEGATIVE_INFINITY; // epoch ms of the last call with a key

  constructor({ cacheBytes, revocationMaxAgeMs, maxStaleMs }: RingPolicy) {
    this.maxAgeMs = revocationMaxAgeMs;
    this.view = new RevocationView({ maxAgeMs: revocationMaxAgeMs, maxStaleMs });
    const endedBytes = Math.floor(cacheBytes / ENDED_SHARE);
    const small = { maxBytes: endedBytes, maxEntries: Math.max(1, Math.floor(endedBytes / SMALL_BYTES)) };
    this.#keys = new KeyCache(cacheBytes - 2 * endedBytes);
    this.#ended = new Lru(small);
    this.#mismatches = new Lru(small);
  }

  /** Latest change that this isolate knows; 0 where it has no keys, so that it needs none. */
  get known(): number {
    return this.#keys.size === 0 ? 0 : this.#keys.log.seq;
  }

  key(id: string, now: number): RingKey | undefined {
    this.#calledAt = now;
    return this.#keys.get(id, now);
  }

  ended(id: string, now: number): EndedKey | undefined {
    return this.#ended.get(id, now);
  }

  /** Whether a credential was compared with the latest revision of its key, and differs. @param digest 64 hex digits */
  isMismatch(digest: string, now: number): boolean {
    return this.#mismatches.get(digest, now) === true;
  }

  addMismatch(digest: string, now: number): void {
    this.#mismatches.set(digest, true, SMALL_BYTES, now + ABSENT_MS, now);
  }

  /** A call was made with the key: its time is sent with an exchange, once in a while. */
  noteUse(key: RingKey, now: number): void {
    if (Math.abs(now - key.usedAt) >= USE_STEP_MS && this.#uses.note(key.grant.id, now)) key.usedAt = now;
  }

  /**
   * @param sentAt epoch ms at which the question was sent
   * @returns whether all wanted keys, and a view, are there now
   */
  learn({ keys, view }: KeysAnswer, wanted: readonly WantedKey[], sentAt: number, now: number): boolean {
    if (view === undefined) {
      this.view.failed(now);
      return false;
    }
    this.#learnView(view, sentAt, now);
    const isHeld = wanted.map(({ id }) => Object.hasOwn(keys, id) && this.#hold(id, keys[id]!, view.delta.seq, now));
    return !isHeld.includes(false);
  }

  write(draft: ExchangeDraft, now: number): void {
    const used = this.#uses.waiting;
    this.#sent = used;
    if (used === undefined && Math.abs(now - this.#calledAt) > IDLE_MS) return;
    const other = draft.keys; // the part of a version of the configuration that keeps keys for another time
    const known = Math.min(this.known || Number.POSITIVE_INFINITY, other?.known || Number.POSITIVE_INFINITY);
    draft.keys = {
      known: Number.isFinite(known) ? known : 0,
      maxAgeMs: Math.min(this.maxAgeMs, other?.maxAgeMs ?? this.maxAgeMs),
      ...(used === undefined && other?.used === undefined ? {} : { used: { ...other?.used, ...used } }),
    };
  }

  read({ keys: view }: ExchangeReply, sentAt: number, now: number): void {
    if (this.#sent !== undefined) this.#uses.received(this.#sent);
    if (view !== undefined) this.#learnView(view, sentAt, now);
  }

  #learnView({ delta, ageMs }: KeysView, sentAt: number, now: number): void {
    this.#keys.apply(delta);
    this.view.learned(sentAt, ageMs, now);
  }

  /** @returns false where the key may have changed since it was read */
  #hold(id: string, reading: KeyReading, seq: number, now: number): boolean {
    if (reading.kind === "absent") {
      this.#ended.set(id, "absent", SMALL_BYTES, now + ABSENT_MS - Math.min(ABSENT_MS, reading.ageMs), now);
      return true;
    }
    const { grant } = reading;
    if ((this.#keys.get(id, now)?.grant.revision ?? 0) > grant.revision) return true; // a read that started later came first
    const key: RingKey = { ...holdKey(grant), principal: principalOf(grant) };
    if (grant.revokedAt === undefined) return this.#keys.insert(id, key, grantBytes(grant), seq, now);
    this.#keys.delete(id);
    this.#ended.set(id, key, grantBytes(grant), now + ABSENT_MS, now);
    return true;
  }
}

function principalOf({ id, owner, plan, scopes, expiresAt = Number.POSITIVE_INFINITY }: KeyGrant): Principal {
  return { kind: "key", id: `key:${id}`, owner, ...(plan === "" ? {} : { plan }), scopes, claims: {}, expiresAt };
}
