// The breaker of one endpoint in one isolate: its own evidence opens it here at once, the object's view everywhere.
//   closed --too many failures here--> open here, 1 to 3 s --> one call finds out --> closed, or open here again
//   closed --the object says so--> open > half open > ramp > closed, by its views, which are leases

import type { BreakerPolicy } from "../config/breaker.ts";
import { type Admitted, type BreakerAdmission, fresh, type Memory, type Probe } from "./memory.ts";
import { MethodFaults } from "./method-faults.ts";
import { isConsecutive } from "./rules/consecutive.ts";
import { isFailing } from "./rules/failure-rate.ts";
import { isSlow } from "./rules/slow-rate.ts";
import { type BreakerReport, type BreakerView, PROBE_MS } from "./shared-breaker.ts";
import { blame, count, counts } from "./window.ts";

export { type Admitted, type BreakerAdmission, type Memory, type Probe, UNRECORDED } from "./memory.ts";

const WINDOW_MS = 10_000;
const OPEN_HERE_MS = 1_000; // and up to three times that
const ASK_AGAIN_MS = 500;
const HELD_MS = 15_000; // a view that has lapsed holds so long for the first call after it
const UNANSWERED_MS = 1_000; // and so long after the object has been asked

export class LocalBreaker {
  readonly #policy: BreakerPolicy;
  readonly memory: Memory;
  readonly #faults = new MethodFaults();
  #openedBy: number | undefined; // the method whose failures alone have opened it here; calls of others still go
  #firstMethod: number | undefined;
  #hasOthers = false; // more than one method has been called

  constructor(policy: BreakerPolicy, memory: Memory = fresh()) {
    this.#policy = policy;
    this.memory = memory;
  }

  /** Nothing to heed: every call may go. */
  isClosed(now: number): boolean {
    return !this.memory.mustProbe && this.#viewAt(now) === undefined;
  }

  /** Whether it has a call to spare that finds out how its endpoint is. */
  isDueForProbe(now: number): boolean {
    const { token, mustProbe, openUntil } = this.memory;
    const view = this.#viewAt(now);
    if (view !== undefined) return view.kind === "half" && token !== undefined && now < token.until;
    return mustProbe && now >= openUntil && !this.#isProbing(now);
  }

  /** Whether an ordinary call has to go elsewhere. @param roll a number in [0, 1) @param method of the call, hashed; 0: not known */
  refuses(now: number, roll: number, method = 0): boolean {
    return (this.memory.mustProbe && !this.#spares(method)) || roll >= (this.#viewAt(now)?.admit ?? 1);
  }

  /** Whether it is open here for another method's failures alone: a call of this one finds out whether it is the endpoint. */
  #spares(method: number): boolean {
    return this.#openedBy !== undefined && method !== 0 && method !== this.#openedBy;
  }

  /** Whether it is open here, and has waited for long for a call that finds out: nothing is known of now. */
  isStale(now: number): boolean {
    return this.memory.mustProbe && now >= this.memory.openUntil + HELD_MS;
  }

  /** When to try again, where it refuses, in whole ms. */
  retryAfterMs(now: number): number {
    const { openUntil } = this.memory;
    return Math.ceil(Math.max(1, this.#viewAt(now)?.retryAfterMs ?? (now < openUntil ? openUntil - now : ASK_AGAIN_MS)));
  }

  /** @param roll a number in [0, 1) @param method of the call, hashed; 0: not known */
  admit(now: number, roll: number, method = 0): BreakerAdmission {
    const { memory } = this;
    const view = this.#viewAt(now);
    if (view !== undefined) {
      const { token } = memory;
      if (view.kind === "half" && token !== undefined && now < token.until) {
        memory.token = undefined;
        return this.#probe({ version: token.version, id: token.token, endsAt: token.until });
      }
      if (roll >= view.admit) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    }
    if (!memory.mustProbe) return memory.admitted;
    if (this.#spares(method)) return memory.admitted;
    if (now < memory.openUntil || this.#isProbing(now)) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    return this.#probe({ version: 0, id: 0, endsAt: now + PROBE_MS });
  }

  /** What came of a call that was admitted. @param roll a number in [0, 1) @param method of the call, hashed; 0: not known */
  record(admission: Admitted, outcome: "succeeded" | "failed", tookMs: number, now: number, roll: number, method = 0): void {
    const { memory } = this;
    const isFailure = outcome === "failed";
    const { probe, generation } = admission;
    if (this.#isMethods(method, isFailure, now)) {
      this.discard(admission);
      return;
    }
    if (probe !== undefined) {
      if (memory.probing === probe) memory.probing = undefined;
      if (now >= probe.endsAt) return; // too late to say anything
      if (probe.id !== 0) memory.found = { version: probe.version, id: probe.id, succeeded: !isFailure };
      if (isFailure) this.#open(now, roll);
      else this.#close();
      memory.isUrgent = true;
      return;
    }
    if (generation !== memory.admitted.generation) return;
    if (memory.mustProbe) {
      this.#spared(isFailure);
      return;
    }
    count(memory.window, WINDOW_MS, now, isFailure, tookMs >= this.#policy.slowMs);
    memory.inARow = isFailure ? memory.inARow + 1 : 0;
    memory.hasFailed ||= isFailure;
    if (this.#isFaulty(now, isFailure)) this.#open(now, roll);
  }

  /** Learns from a call of a method. @returns whether its failure is the method's own, and says nothing of the endpoint */
  #isMethods(method: number, isFailure: boolean, now: number): boolean {
    this.#firstMethod ??= method;
    this.#hasOthers ||= method !== this.#firstMethod;
    if (!isFailure) this.#faults.succeeded(method, now);
    else this.#faults.failed(method);
    return isFailure && this.#faults.isOwn(method, this.#policy.consecutive, now);
  }

  /** A call that went out though another method's failures have opened it here. */
  #spared(isFailure: boolean): void {
    if (isFailure)
      this.#openedBy = undefined; // it is the endpoint
    else this.#close();
    this.memory.isUrgent = true;
  }

  /** A call that was recorded as answered, and whose stream broke off afterwards. @param roll a number in [0, 1) */
  recordBrokenStream({ generation }: Admitted, now: number, roll: number): void {
    const { memory } = this;
    if (generation !== memory.admitted.generation) return;
    blame(memory.window, WINDOW_MS, now);
    memory.hasFailed = true;
    if (this.#isFaulty(now, true)) this.#open(now, roll);
  }

  /** A call that says nothing: it never came to the endpoint, or its caller went away. */
  discard({ probe }: Admitted): void {
    if (probe !== undefined && this.memory.probing === probe) this.memory.probing = undefined;
  }

  /** Whether the object should hear of it sooner than of others, or say more: while it is open there, nothing new is to be heard. */
  needsFastReports(now: number): boolean {
    return this.memory.hasFailed || this.memory.mustProbe || (!this.isClosed(now) && this.#viewAt(now)?.kind !== "open");
  }

  /** Whether a call of this isolate could find out how the endpoint is, if the object let it. */
  wantsProbe(now: number): boolean {
    const { token, probing, viewUntil } = this.memory;
    const kind = this.#viewAt(now)?.kind;
    return (kind === "half" || (kind === "open" && now >= viewUntil)) && token === undefined && probing === undefined;
  }

  /** What to tell the object; undefined where there is nothing. */
  takeReport(now: number): BreakerReport | undefined {
    const { memory } = this;
    const { calls, failures } = counts(memory.window, WINDOW_MS, now);
    if (calls === 0 && !memory.isUrgent && this.isClosed(now)) return undefined;
    memory.sequence += 1;
    const told = {
      sequence: memory.sequence,
      calls,
      failures,
      hasRecovered: !memory.hasFailed && memory.inARow === 0,
      isOpen: memory.mustProbe && !(this.#openedBy !== undefined && this.#hasOthers), // a call of another method says more
      wantsProbe: this.wantsProbe(now),
    };
    const seen = memory.found === undefined ? told : { ...told, probe: memory.found };
    if (now >= memory.viewUntil) memory.askedAt ??= now;
    memory.isUrgent = false;
    memory.hasFailed = false;
    memory.found = undefined;
    return seen;
  }

  /** @param sentAt when the report was sent: leases and probes count from there */
  applyView(view: BreakerView, sentAt: number): void {
    const { memory } = this;
    const known = memory.view;
    if (known !== undefined && view.version < known.version && sentAt < memory.viewUntil) return; // an older word, come late
    if (view.kind !== "closed" && view.version !== known?.version) this.#close(); // it is the object's now, and what was seen is old
    memory.view = view;
    memory.viewUntil = sentAt + view.leaseMs;
    memory.askedAt = undefined;
    const { version, probeId: token } = view;
    const { lastToken } = memory;
    if (token === undefined || version < lastToken.version || (version === lastToken.version && token <= lastToken.token)) return;
    memory.lastToken = { version, token };
    memory.token = { version, token, until: sentAt + PROBE_MS };
  }

  /**
   * What the object says, unless all is well. When its lease has ended, the first call asks again and still goes by it: an isolate of
   * few calls would else send each of them to an endpoint that all others know to be out. Nobody stays out on an old word for long.
   */
  #viewAt(now: number): BreakerView | undefined {
    const { view, viewUntil, askedAt } = this.memory;
    if (view === undefined || view.kind === "closed") return undefined;
    if (now < viewUntil) return view;
    return now < viewUntil + HELD_MS && (askedAt === undefined || now < askedAt + UNANSWERED_MS) ? view : undefined;
  }

  #isProbing(now: number): boolean {
    const { probing } = this.memory;
    return probing !== undefined && now < probing.endsAt;
  }

  #probe(probe: Probe): BreakerAdmission {
    this.memory.probing = probe;
    return { ...this.memory.admitted, probe };
  }

  #isFaulty(now: number, isFailure: boolean): boolean {
    const { consecutive, failurePercent, slowPercent, minCalls } = this.#policy;
    if (!isFailure && slowPercent === 100) return false; // an answer in time opens nothing
    if (isFailure && isConsecutive(this.memory.inARow, consecutive)) return true;
    const seen = counts(this.memory.window, WINDOW_MS, now);
    return isFailing(seen, failurePercent, minCalls) || isSlow(seen, slowPercent, minCalls);
  }

  #open(now: number, roll: number): void {
    this.#renew();
    this.memory.openUntil = now + OPEN_HERE_MS * (1 + 2 * roll); // not all isolates back at one time
    this.memory.mustProbe = true;
    this.memory.isUrgent = true;
    this.#openedBy = this.#faults.only();
  }

  #close(): void {
    this.#renew();
    this.memory.openUntil = 0;
    this.memory.mustProbe = false;
    this.#openedBy = undefined;
  }

  #renew(): void {
    const { memory } = this;
    memory.admitted = { kind: "admitted", generation: memory.admitted.generation + 1 };
    memory.inARow = 0;
    memory.window.cells.fill(0);
  }
}
