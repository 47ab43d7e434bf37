// The one background exchange of this isolate: in each interval it sends what the isolate has seen to a relay of its region, and applies
// what the relay responds. No warm call waits for it. While the relay cannot be reached, everything stays as the last response has left it.
import { ExchangeSchedule } from "../../../core/exchange/exchange-schedule.ts";
import type { KeysAnswer, KeysQuestion } from "../../../core/exchange/key-messages.ts";
import { EXCHANGE_VERSION, type ExchangeReply, type ExchangeRequest } from "../../../core/exchange/messages.ts";
import { FIRST_SHARDS } from "../../../core/exchange/relay-load.ts";
import { hash32 } from "../../../core/hash.ts";
import { logEvent } from "../../log.ts";
import { currentRegion, isPlaceRead, placeOf } from "../region/isolate-region.ts";
import { regionalObject } from "../region/regional-object.ts";
import { countObjectRequest } from "./cost-meters.ts";
import { Waiters } from "./waiters.ts";

/** The relays: `durable-objects/relay.ts`. The types of Workers are not used here: the CLI compiles configurations, and has none. */
export type Relays = Parameters<typeof regionalObject<RelayStub>>[0];

interface RelayStub {
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  keys?(question: KeysQuestion): Promise<KeysAnswer>;
}

/** Keeps the request that is being handled alive until the promise has settled: `waitUntil`. */
export type KeepAlive = (done: Promise<void>) => void;

type SectionName = "breakers" | "lists" | "purges" | "issuers" | "keys" | "control" | "metrics" | "tap";

/** The sections of a request, while they are written. */
export type ExchangeDraft = { -readonly [Section in SectionName]?: NonNullable<ExchangeRequest[Section]> };

/** A part of the isolate that learns and tells in the background. */
export interface ExchangeSection {
  /** Whether calls cannot do without a response. */
  readonly isNeeded: boolean;
  write(draft: ExchangeDraft, now: number): void;
  /** @param sentAt epoch ms at which the request was sent */
  read(reply: ExchangeReply, sentAt: number, now: number): void;
}

/** For tests and logs. */
export interface ExchangeStatus {
  readonly ageMs: number; // since the request of the last response was sent; Infinity before the first one
  readonly relay: string; // name of the relay, with its region
  readonly exchanges: number; // sent since the isolate started
  readonly failures: number; // exchanges that failed
  readonly waits: number; // calls that have waited for an exchange
}

const TIMEOUT_MS = 5_000; // the platform may cancel an exchange with the call that started it, without any sign: then it counts as lost

export class Exchange {
  readonly #relays: Relays;
  readonly #intervals = new Set<{ readonly intervalMs: number }>();
  #sections: readonly ExchangeSection[] = [];
  readonly #schedule: ExchangeSchedule;
  readonly #waiters = new Waiters();
  #keepAlive: KeepAlive = () => undefined;
  #startedAt: number | undefined; // epoch ms of the exchange that is under way
  #isolate: string | undefined; // random id, made with the first call: Workers have no randomness before
  #location: string | undefined; // data center, as the first call shows it
  #observed = 0; // calls
  #shards = FIRST_SHARDS;
  #knownAt = Number.NEGATIVE_INFINITY; // epoch ms
  #exchanges = 0;
  #failures = 0;
  #waits = 0;

  /** @param intervalMs time between two exchanges, unless a relay says otherwise */
  constructor(relays: Relays, intervalMs: number) {
    this.#relays = relays;
    this.#schedule = new ExchangeSchedule(intervalMs);
  }

  /** While a version of the configuration is compiled. */
  add(section: ExchangeSection): void {
    this.#sections = [...this.#sections, section];
  }

  /** No version uses the section any more. */
  remove(section: ExchangeSection): void {
    this.#sections = this.#sections.filter((other) => other !== section);
  }

  /** Sections that take part now. */
  get sections(): number {
    return this.#sections.length;
  }

  /** Of several versions of the configuration, the one with the shortest interval decides. @param intervalMs > 0 @returns ends its effect */
  wantInterval(intervalMs: number): () => void {
    const wanted = { intervalMs };
    this.#intervals.add(wanted);
    this.#setInterval();
    return () => {
      this.#intervals.delete(wanted);
      this.#setInterval();
    };
  }

  get intervalMs(): number {
    return this.#schedule.intervalMs;
  }

  #setInterval(): void {
    const all = [...this.#intervals].map(({ intervalMs }) => intervalMs);
    if (all.length > 0) this.#schedule.intervalMs = Math.min(...all);
  }

  /** Runs with each call. @param keepAlive `waitUntil` */
  begin(request: Request, keepAlive: KeepAlive): void {
    const now = Date.now();
    this.#keepAlive = keepAlive;
    if (!this.#schedule.hasStarted) {
      if (this.#sections.length === 0) return;
      this.#schedule.start(now, Math.random());
    }
    if (this.#location === undefined && isPlaceRead(++this.#observed)) this.#location = placeOf(request).colo;
    this.tick(now);
  }

  /** Starts an exchange in the background where one is due. */
  tick(now: number): void {
    if (this.#schedule.isDue(now) && !this.#isRunning(now)) this.#start(now);
  }

  /** Other isolates should know soon what has happened here. */
  hurry(now: number): void {
    this.#schedule.hurry(now, Math.random());
    this.tick(now);
  }

  /** What has happened here is of no use later. */
  require(now: number): void {
    this.#schedule.require(now);
    this.tick(now);
  }

  /**
   * For a call that cannot do without a response: joins the exchange that is under way, or starts one, except in the pause after a failure.
   *
   * @param waitMs longest time that the call waits
   * @returns the end of the exchange or of that time, which never rejects; undefined where there is nothing to wait for
   */
  join(now: number, waitMs: number): Promise<void> | undefined {
    if (!this.#isRunning(now)) {
      if (this.#exchanges > 0 && !this.#schedule.isDue(now)) return undefined;
      this.#start(now);
    }
    this.#waits += 1;
    return this.#waiters.wait(1, waitMs);
  }

  status(now: number): ExchangeStatus {
    const relay = `${currentRegion()}/${this.#relayName()}`;
    return { ageMs: now - this.#knownAt, relay, exchanges: this.#exchanges, failures: this.#failures, waits: this.#waits };
  }

  /** A question about keys, to the same relay. @throws what the relay throws; one of an earlier version has no such method */
  async keys(question: KeysQuestion): Promise<KeysAnswer> {
    return this.#relay().keys!(question);
  }

  #isRunning(now: number): boolean {
    return this.#startedAt !== undefined && now - this.#startedAt < TIMEOUT_MS;
  }

  #start(now: number): void {
    this.#startedAt = now;
    this.#exchanges += 1;
    this.#schedule.sent();
    this.#keepAlive(this.#send(now));
  }

  async #send(sentAt: number): Promise<void> {
    try {
      this.#apply(await this.#request(sentAt), sentAt);
    } catch (error) {
      const now = Date.now();
      this.#failures += 1;
      const ageMs = Number.isFinite(this.#knownAt) ? now - this.#knownAt : null;
      logEvent("exchange_failed", { region: currentRegion(), relay: this.#relayName(), snapshotAgeMs: ageMs, error });
      this.#schedule.failed(
        now,
        Math.random(),
        this.#sections.some(({ isNeeded }) => isNeeded),
      );
    }
    if (this.#startedAt === sentAt) this.#startedAt = undefined;
    this.#waiters.wake();
    this.tick(Date.now()); // something may have happened meanwhile
  }

  #apply(reply: ExchangeReply, sentAt: number): void {
    const now = Date.now();
    this.#knownAt = sentAt;
    this.#shards = Math.max(1, reply.shards);
    for (const section of this.#sections) section.read(reply, sentAt, now);
    if (this.#sections.some(({ isNeeded }) => isNeeded)) this.#schedule.failed(now, Math.random(), true);
    else this.#schedule.succeeded(sentAt, reply.nextMs, reply.earlyMs, Math.random());
  }

  #request(now: number): Promise<ExchangeReply> {
    const relay = this.#relay();
    const draft: ExchangeDraft = {};
    const first = this.#exchanges % Math.max(1, this.#sections.length); // sections that contend for a field take turns
    for (const section of [...this.#sections.slice(first), ...this.#sections.slice(0, first)]) section.write(draft, now);
    const { intervalMs } = this;
    const isolate = this.#isolate!;
    return relay.exchange({
      version: EXCHANGE_VERSION,
      isolate,
      location: this.#location ?? isolate, // an unknown location counts as one of its own
      shards: this.#shards,
      isFirst: this.#knownAt === Number.NEGATIVE_INFINITY,
      intervalMs,
      ...draft,
    });
  }

  #relay(): RelayStub {
    this.#isolate ??= crypto.randomUUID();
    countObjectRequest("RELAY");
    return regionalObject(this.#relays, currentRegion(), this.#relayName());
  }

  #relayName(): string {
    return `relay-${hash32(this.#isolate ?? "") % this.#shards}`;
  }
}
