// The breakers of all endpoints of an upstream in one isolate: who is out, and when the object is told.

import type { BreakerPolicy } from "../config/breaker.ts";
import { LocalBreaker } from "./local-breaker.ts";
import type { BreakerReport, BreakerView } from "./shared-breaker.ts";

const WELL_MS = 11_000; // less than one report for a hundred calls, at ten a second
const UNEASY_MS = 1_000;
const PROBE_MS = 500;
const WATCHED_MS = 10_000; // as long as failures weigh

export class LocalBreakers {
  readonly #policy: BreakerPolicy;
  #breakers = new Map<string, LocalBreaker>();
  readonly #uneasy = new Set<LocalBreaker>(); // those to look at before a pick; an upstream that is well has none
  #reportedAt = Number.NEGATIVE_INFINITY;
  #hasFailed = false; // any of them, since then
  #failed: LocalBreaker | undefined; // the last one to fail, until it has answered, and the object was told: it may hear more from others
  #watchesUntil = Number.NEGATIVE_INFINITY;

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** The breaker of an endpoint, made where there is none. */
  get(id: string): LocalBreaker {
    const known = this.#breakers.get(id);
    if (known !== undefined) return known;
    const breaker = new LocalBreaker(this.#policy);
    this.#breakers.set(id, breaker);
    return breaker;
  }

  /** Forgets endpoints that are gone. */
  retain(ids: ReadonlySet<string>): void {
    for (const [id, breaker] of this.#breakers) {
      if (ids.has(id)) continue;
      this.#breakers.delete(id);
      this.#uneasy.delete(breaker);
    }
  }

  /** Whether no breaker is to be heeded. */
  areAllClosed(now: number): boolean {
    if (this.#uneasy.size === 0) return true;
    for (const breaker of this.#uneasy) if (breaker.isClosed(now)) this.#uneasy.delete(breaker);
    return this.#uneasy.size === 0;
  }

  /** After anything was recorded. */
  update(breaker: LocalBreaker, now: number): void {
    if (!breaker.isClosed(now)) this.#uneasy.add(breaker);
    if (!breaker.memory.hasFailed) return;
    this.#hasFailed = true;
    this.#failed = breaker;
  }

  /**
   * @param id of an endpoint that has just been called, if any
   * @returns what to tell the object now, by endpoint; undefined where it is not time
   */
  takeReports(now: number, id: string | undefined): Readonly<Record<string, BreakerReport>> | undefined {
    if (now < this.#reportedAt + this.#everyMs(now, id === undefined ? undefined : this.#breakers.get(id))) return undefined;
    this.#reportedAt = now;
    if (this.#hasFailed) this.#watchesUntil = now + WATCHED_MS;
    this.#hasFailed = false;
    if (this.#failed?.memory.inARow === 0) this.#failed = undefined;
    const seen: Record<string, BreakerReport> = {};
    for (const [endpoint, breaker] of this.#breakers) {
      const its = breaker.takeReport(now);
      if (its !== undefined) seen[endpoint] = its;
    }
    return seen;
  }

  #everyMs(now: number, told: LocalBreaker | undefined): number {
    if (told?.memory.isUrgent === true) return 0;
    let everyMs =
      this.#hasFailed || (this.#failed !== undefined && now < this.#watchesUntil) || told?.needsFastReports(now) === true
        ? UNEASY_MS
        : WELL_MS;
    for (const breaker of this.#uneasy) {
      if (breaker.wantsProbe(now)) return PROBE_MS;
      if (breaker.needsFastReports(now)) everyMs = UNEASY_MS;
    }
    return everyMs;
  }

  /** @param sentAt when the report was sent */
  applyViews(views: Readonly<Record<string, BreakerView>>, sentAt: number, now: number): void {
    for (const [id, view] of Object.entries(views)) {
      const breaker = this.#breakers.get(id);
      if (breaker === undefined) continue;
      breaker.applyView(view, sentAt);
      this.update(breaker, now);
    }
  }
}
