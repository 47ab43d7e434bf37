// The keys of an issuer as the relay of the region fetches them. No call of a warm isolate waits for them.
import type { IssuerPolicy } from "../../../../core/config/auth/issuers.ts";
import { sameSettings } from "../../../../core/config/same-settings.ts";
import type { IssuerQuery, IssuerReply } from "../../../../core/exchange/issuer-messages.ts";
import type { ExchangeReply } from "../../../../core/exchange/messages.ts";
import type { Exchange, ExchangeDraft, ExchangeSection } from "../../background/exchange.ts";
import { type IssuerKeys, KeySet } from "./key-set.ts";

/** Longest time that a call waits for keys that are missing; a relay waits 1.5 s for an issuer. */
const WAIT_MS = 2_000;

/** What is used of the exchange. */
export type KeyExchange = Pick<Exchange, "add" | "join" | "require">;

export class FetchedKeys implements IssuerKeys, ExchangeSection {
  readonly #exchange: KeyExchange;
  readonly #policy: IssuerPolicy;
  readonly #source: IssuerQuery["source"];
  #keySet: KeySet | undefined;
  #version = "";
  #knownAt = Number.NEGATIVE_INFINITY; // epoch ms at which the relay requested them of the issuer, or earlier
  #missing: string | undefined; // `kid` that the next exchange names
  #missedAt = Number.NEGATIVE_INFINITY; // epoch ms at which a `kid` was requested
  #needsAny = false; // a call has found none
  #writtenAt = Number.NEGATIVE_INFINITY; // epoch ms of the last exchange with its query
  #isAlone = true; // no exchange has been without its query

  /** @param previous the keys under other settings: they hold where they come from the same source */
  constructor(exchange: KeyExchange, policy: IssuerPolicy, source: IssuerQuery["source"], previous?: FetchedKeys) {
    this.#exchange = exchange;
    this.#policy = policy;
    this.#source = source;
    if (previous !== undefined && sameSettings(previous.#source, source)) {
      this.#keySet = previous.#keySet;
      this.#version = previous.#version;
      this.#knownAt = previous.#knownAt;
    }
    exchange.add(this);
  }

  get isNeeded(): boolean {
    return this.#needsAny;
  }

  current(now: number): KeySet | undefined {
    return now - this.#knownAt < this.#policy.maxStaleMs ? this.#keySet : undefined;
  }

  request(kid: string | undefined, now: number, deadlineAt: number): Promise<void> | undefined {
    const endsAt = Math.min(now + WAIT_MS, deadlineAt);
    if (kid === undefined) {
      this.#needsAny = true;
      return this.#exchange.join(now, endsAt - now);
    }
    // Whoever makes up names of keys gets one exchange an interval out of an isolate, and one fetch out of a relay.
    if (Math.abs(now - this.#missedAt) < this.#policy.refetchMs) return undefined;
    this.#missedAt = now;
    this.#missing = kid;
    this.#exchange.require(now);
    return this.#learn(now, endsAt);
  }

  /** An exchange that was under way before does not name the key: then the next one is awaited, too. */
  async #learn(now: number, endsAt: number): Promise<void> {
    await this.#exchange.join(now, endsAt - now);
    const left = endsAt - Date.now();
    if (this.#missing !== undefined && left > 0) await this.#exchange.join(Date.now(), left);
  }

  /** Versions of the configuration may name different sources of one issuer: they take turns, and no reply counts for the other one. */
  write(draft: ExchangeDraft, now: number): void {
    const { issuer, refreshMs, refetchMs } = this.#policy;
    const other = draft.issuers?.[issuer];
    if (other !== undefined && !sameSettings(other.source, this.#source)) {
      this.#isAlone = false;
      return;
    }
    this.#writtenAt = now;
    const missing = this.#missing === undefined ? {} : { missing: this.#missing };
    this.#missing = undefined;
    draft.issuers = { ...draft.issuers, [issuer]: { source: this.#source, refreshMs, refetchMs, known: this.#version, ...missing } };
  }

  read({ issuers }: ExchangeReply, sentAt: number): void {
    if (!this.#isAlone && sentAt !== this.#writtenAt) return;
    const reply = issuers !== undefined && Object.hasOwn(issuers, this.#policy.issuer) ? issuers[this.#policy.issuer] : undefined;
    if (reply !== undefined) this.#apply(reply, sentAt);
  }

  /** Relays of one region fetch by themselves: keys that are older than the known ones change nothing. */
  #apply(reply: IssuerReply, sentAt: number): void {
    const knownAt = sentAt - reply.ageMs;
    if (knownAt < this.#knownAt) return;
    this.#knownAt = knownAt;
    this.#needsAny = false;
    if (reply.kind === "unchanged") return;
    this.#version = reply.version;
    this.#keySet = new KeySet(reply.jwks);
  }
}
