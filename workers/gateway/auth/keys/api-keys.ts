// Decides about API keys in this isolate: from the keys that it holds where it can, else after one question to the relay.

import type { AuthReason } from "../../../../core/auth/auth-reason.ts";
import type { Principal } from "../../../../core/auth/principal.ts";
import type { AuthFailure } from "../../../../core/auth/refusal.ts";
import { asciiBytes, type HmacKey, hexOf, sha256 } from "../../../../core/auth/sha256.ts";
import type { KeysPolicy } from "../../../../core/config/auth/keys.ts";
import { hasValidTag, idOfDigest, parseKey } from "../../../../core/keys/api-key.ts";
import { digestMatch, endOf, type HeldKey, refusalOf } from "../../../../core/keys/held-key.ts";
import type { KeyReader } from "./key-reader.ts";
import type { KeyRing, RingKey } from "./key-ring.ts";

/** A key in the form of this gateway, or one that may have been imported. */
interface CalledKey {
  readonly text: string;
  readonly id: string;
  readonly isTagged: boolean;
  digest: Uint8Array | undefined; // computed when it is needed
}

/** What has to happen before a key can be judged. */
type Need = { readonly kind: "read"; readonly revision: number } | { readonly kind: "view" };
type Decision = Principal | AuthFailure | Need;

const MAX_IMPORTED_LENGTH = 512; // characters
const QUESTIONS = 2; // a key that has changed while it was read is read once more

export class ApiKeys {
  readonly #policy: Pick<KeysPolicy, "env" | "importedPrefixes">;
  readonly #secrets: readonly HmacKey[];
  readonly #ring: KeyRing;
  readonly #reader: KeyReader;

  /** @param secrets that tags are made with, the current one first */
  constructor(policy: ApiKeys["policy"], secrets: readonly HmacKey[], ring: KeyRing, reader: KeyReader) {
    this.#policy = policy;
    this.#secrets = secrets;
    this.#ring = ring;
    this.#reader = reader;
  }

  get policy(): Pick<KeysPolicy, "env" | "importedPrefixes"> {
    return this.#policy;
  }

  /** Whether a text is meant to be a key: of this gateway, right or wrong, or an imported one. */
  isKey(text: string): boolean {
    return text.startsWith("tg_") || this.#policy.importedPrefixes.some((prefix) => text.startsWith(prefix));
  }

  /** Whose key it is, where this isolate holds it and may use it now. Compares one digest. */
  known(text: string, address: string | null, now: number): Principal | undefined {
    const key = this.#called(text);
    if ("reason" in key || this.#ring.key(key.id, now) === undefined) return undefined;
    const decision = this.#decide(key, address, now);
    return "claims" in decision ? decision : undefined;
  }

  /** @param waitMs longest time that the call waits for the relay @returns a promise, which never rejects, only where it has to wait */
  prove(text: string, address: string | null, now: number, waitMs: number): Principal | AuthFailure | Promise<Principal | AuthFailure> {
    const key = this.#called(text);
    if ("reason" in key) return key;
    const decision = this.#decide(key, address, now);
    return isNeed(decision) ? this.#afterQuestions(key, address, decision, now + Math.min(waitMs, this.#reader.waitMs)) : decision;
  }

  #called(text: string): CalledKey | AuthFailure {
    const parsed = parseKey(text);
    if (parsed !== undefined)
      return parsed.env === this.#policy.env ? { text, id: parsed.id, isTagged: true, digest: undefined } : refused("key_environment");
    const isImported = this.#policy.importedPrefixes.some((prefix) => text.startsWith(prefix));
    if (!isImported || text.length > MAX_IMPORTED_LENGTH || !/^[\x21-\x7e]+$/.test(text)) return refused("key_malformed");
    const digest = sha256(asciiBytes(text));
    return { text, id: idOfDigest(digest), isTagged: false, digest };
  }

  /** @param hasRead whether the key was just read: what is held now is the latest */
  #decide(key: CalledKey, address: string | null, now: number, hasRead = false): Decision {
    const held = this.#ring.key(key.id, now);
    const ended = held === undefined ? this.#ring.ended(key.id, now) : undefined;
    if (held === undefined || digestMatch(held, digestOf(key)) === undefined) {
      // A made-up key ends here, without a lookup.
      if (key.isTagged && !hasValidTag(key.text, this.#secrets)) return refused("key_tag");
      if (ended !== undefined) return refused(ended === "absent" ? "key_unknown" : reasonOf(ended, key, address, now));
      if (held === undefined) return { kind: "read", revision: 0 };
      return this.#mismatch(key, held, now, hasRead);
    }
    const reason = reasonOf(held, key, address, now);
    if (reason !== undefined) return refused(reason);
    const { view } = this.#ring;
    const decision = view.decide(now);
    if (decision.kind === "waits") return { kind: "view" };
    if (decision.refreshes) this.#reader.refreshInBackground(now);
    if (decision.kind === "unusable") return { kind: "unavailable", reason: "keys_unavailable" };
    this.#ring.noteUse(held, now);
    const match = digestMatch(held, digestOf(key))!;
    return match === "current" ? held.principal : { ...held.principal, expiresAt: endOf(held, match) };
  }

  /** The key has another digest: it may have been rolled since it was read. */
  #mismatch(key: CalledKey, held: RingKey, now: number, hasRead: boolean): Decision {
    const digest = hexOf(digestOf(key));
    if (hasRead) this.#ring.addMismatch(digest, now);
    return hasRead || this.#ring.isMismatch(digest, now) ? refused("key_unknown") : { kind: "read", revision: held.grant.revision };
  }

  async #afterQuestions(key: CalledKey, address: string | null, first: Need, until: number): Promise<Principal | AuthFailure> {
    let need = first;
    let hasRead = false;
    for (let question = 0; question < QUESTIONS; question++) {
      const now = Date.now();
      if (question > 0 && now >= until) break; // the time is for all questions of the call
      if (need.kind === "view") await this.#reader.refresh(now, until - now);
      else hasRead = (await this.#reader.read({ id: key.id, revision: need.revision }, now, until - now)) || hasRead;
      const decision = this.#decide(key, address, Date.now(), hasRead);
      if (!isNeed(decision)) return decision;
      need = decision;
    }
    return { kind: "unavailable", reason: "keys_unavailable" };
  }
}

function reasonOf(held: HeldKey, key: CalledKey, address: string | null, now: number): AuthReason | undefined {
  return refusalOf(held, digestMatch(held, digestOf(key)), address, now);
}

function digestOf(key: CalledKey): Uint8Array {
  key.digest ??= sha256(asciiBytes(key.text));
  return key.digest;
}

function isNeed(decision: Decision): decision is Need {
  return decision.kind === "read" || decision.kind === "view";
}

function refused(reason: AuthReason | undefined): AuthFailure {
  if (reason === "key_address_denied") return { kind: "permission_denied", reason };
  return { kind: "unauthenticated", reason: reason ?? "key_unknown" };
}
