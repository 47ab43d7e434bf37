// The breaker of one endpoint in one isolate: its own evidence opens it here at once, the object's view everywhere.
//   closed --too many failures here--> open here, 1 to 3 s --> one call finds out --> closed, or open here again
//   closed --the object says so--> open > half open > ramp > closed, by its views, which are leases
import type { BreakerPolicy } from "./policy.ts";
import { isConsecutive } from "./rules/consecutive.ts";
import { isFailing } from "./rules/failure-rate.ts";
import { isSlow } from "./rules/slow-rate.ts";
import { type Seen, TOKEN_MS, type View } from "./shared.ts";
import { count, counts, emptyWindow, type Window } from "./window.ts";

export type Admission =
  | { readonly kind: "admitted"; readonly generation: number; readonly probe?: Probe }
  | { readonly kind: "refused"; readonly retryAfterMs: number };
export type Admitted = Admission & { readonly kind: "admitted" };

/** A call that finds out whether the endpoint is well. */
export interface Probe {
  readonly version: number;
  readonly token: number; // 0: on this isolate's own account
  readonly endsAt: number; // epoch ms of this isolate: it says nothing after, and has to be ended
}

/** What is told of nothing: a call that goes out though the breaker is open, because too many of its peers are. */
export const UNHEARD: Admitted = { kind: "admitted", generation: -1 };

/** What a breaker knows: plain data, which its methods change. */
export interface Memory {
  readonly window: Window;
  inARow: number; // failures
  admitted: Admitted; // its generation grows with each change here: answers to calls of an older one change nothing
  openUntil: number; // by own evidence, epoch ms
  mustProbe: boolean; // open here has ended: one call finds out
  probing: Probe | undefined;
  view: View | undefined;
  viewUntil: number; // epoch ms
  askedAt: number | undefined; // when the object was first asked after that
  token: { readonly version: number; readonly token: number; readonly until: number } | undefined;
  lastToken: { readonly version: number; readonly token: number }; // that it was ever granted: one that comes twice is used once
  sequence: number;
  hasFailed: boolean; // since the last report
  found: Seen["probe"];
  isUrgent: boolean; // something to be told to the object at once
}

const WINDOW_MS = 10_000;
const OPEN_HERE_MS = 1_000; // and up to three times that
const ASK_AGAIN_MS = 500;
const HELD_MS = 15_000; // a view that has lapsed holds so long for the first call after it
const UNANSWERED_MS = 1_000; // and so long after the object has been asked

export class Breaker {
  readonly #policy: BreakerPolicy;
  readonly memory: Memory;

  constructor(policy: BreakerPolicy, memory: Memory = fresh()) {
    this.#policy = policy;
    this.memory = memory;
  }

  /** Nothing to heed: every call may go. */
  isAtRest(now: number): boolean {
    return !this.memory.mustProbe && this.#viewAt(now) === undefined;
  }

  /** Whether it has a call to spare that finds out how its endpoint is. */
  hasProbe(now: number): boolean {
    const { token, mustProbe, openUntil } = this.memory;
    const view = this.#viewAt(now);
    if (view !== undefined) return view.kind === "half" && token !== undefined && now < token.until;
    return mustProbe && now >= openUntil && !this.#isProbing(now);
  }

  /** Whether an ordinary call has to go elsewhere. @param roll a number in [0, 1) */
  isOut(now: number, roll: number): boolean {
    return this.memory.mustProbe || roll >= (this.#viewAt(now)?.admit ?? 1);
  }

  /** When to try again, where it refuses, in whole ms. */
  retryAfterMs(now: number): number {
    const { openUntil } = this.memory;
    return Math.ceil(Math.max(1, this.#viewAt(now)?.retryAfterMs ?? (now < openUntil ? openUntil - now : ASK_AGAIN_MS)));
  }

  /** @param roll a number in [0, 1) */
  admit(now: number, roll: number): Admission {
    const { memory } = this;
    const view = this.#viewAt(now);
    if (view !== undefined) {
      const { token } = memory;
      if (view.kind === "half" && token !== undefined && now < token.until) {
        memory.token = undefined;
        return this.#probe({ version: token.version, token: token.token, endsAt: token.until });
      }
      if (roll >= view.admit) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    }
    if (!memory.mustProbe) return memory.admitted;
    if (now < memory.openUntil || this.#isProbing(now)) return { kind: "refused", retryAfterMs: this.retryAfterMs(now) };
    return this.#probe({ version: 0, token: 0, endsAt: now + TOKEN_MS });
  }

  /** What came of a call that was admitted. @param roll a number in [0, 1) */
  record(admission: Admitted, outcome: "answered" | "failed", tookMs: number, now: number, roll: number): void {
    const { memory } = this;
    const isFailure = outcome === "failed";
    const { probe, generation } = admission;
    if (probe !== undefined) {
      if (memory.probing === probe) memory.probing = undefined;
      if (now >= probe.endsAt) return; // too late to say anything
      if (probe.token !== 0) memory.found = { version: probe.version, token: probe.token, isWell: !isFailure };
      if (isFailure) this.#open(now, roll);
      else this.#close();
      memory.isUrgent = true;
      return;
    }
    if (generation !== memory.admitted.generation) return;
    count(memory.window, WINDOW_MS, now, isFailure, tookMs >= this.#policy.slowMs);
    memory.inARow = isFailure ? memory.inARow + 1 : 0;
    memory.hasFailed ||= isFailure;
    if (this.#isFaulty(now, isFailure)) this.#open(now, roll);
  }

  /** A call that says nothing: it never came to the endpoint, or its caller went away. */
  drop({ probe }: Admitted): void {
    if (probe !== undefined && this.memory.probing === probe) this.memory.probing = undefined;
  }

  /** Whether the object should hear of it sooner than of others, or say more: while it is open there, nothing new is to be heard. */
  isUneasy(now: number): boolean {
    return this.memory.hasFailed || this.memory.mustProbe || (!this.isAtRest(now) && this.#viewAt(now)?.kind !== "open");
  }

  /** Whether a call of this isolate could find out how the endpoint is, if the object let it. */
  wantsProbe(now: number): boolean {
    const { token, probing, viewUntil } = this.memory;
    const kind = this.#viewAt(now)?.kind;
    return (kind === "half" || (kind === "open" && now >= viewUntil)) && token === undefined && probing === undefined;
  }

  /** What to tell the object; undefined where there is nothing. */
  seen(now: number): Seen | undefined {
    const { memory } = this;
    const { calls, failures } = counts(memory.window, WINDOW_MS, now);
    if (calls === 0 && !memory.isUrgent && this.isAtRest(now)) return undefined;
    memory.sequence += 1;
    const told = {
      sequence: memory.sequence,
      calls,
      failures,
      isPast: !memory.hasFailed && memory.inARow === 0,
      isOpen: memory.mustProbe,
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
  saw(view: View, sentAt: number): void {
    const { memory } = this;
    const known = memory.view;
    if (known !== undefined && view.version < known.version && sentAt < memory.viewUntil) return; // an older word, come late
    if (view.kind !== "closed" && view.version !== known?.version) this.#close(); // it is the object's now, and what was seen is old
    memory.view = view;
    memory.viewUntil = sentAt + view.leaseMs;
    memory.askedAt = undefined;
    const { version, token } = view;
    const { lastToken } = memory;
    if (token === undefined || version < lastToken.version || (version === lastToken.version && token <= lastToken.token)) return;
    memory.lastToken = { version, token };
    memory.token = { version, token, until: sentAt + TOKEN_MS };
  }

  /**
   * What the object says, unless all is well. When its lease has ended, the first call asks again and still goes by it: an isolate of
   * few calls would else send each of them to an endpoint that all others know to be out. Nobody stays out on an old word for long.
   */
  #viewAt(now: number): View | undefined {
    const { view, viewUntil, askedAt } = this.memory;
    if (view === undefined || view.kind === "closed") return undefined;
    if (now < viewUntil) return view;
    return now < viewUntil + HELD_MS && (askedAt === undefined || now < askedAt + UNANSWERED_MS) ? view : undefined;
  }

  #isProbing(now: number): boolean {
    const { probing } = this.memory;
    return probing !== undefined && now < probing.endsAt;
  }

  #probe(probe: Probe): Admission {
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
  }

  #close(): void {
    this.#renew();
    this.memory.openUntil = 0;
    this.memory.mustProbe = false;
  }

  #renew(): void {
    const { memory } = this;
    memory.admitted = { kind: "admitted", generation: memory.admitted.generation + 1 };
    memory.inARow = 0;
    memory.window.cells.fill(0);
  }
}

const NO_TOKEN = { version: 0, token: 0 };

function fresh(): Memory {
  return {
    ...{ window: emptyWindow(), inARow: 0, admitted: { kind: "admitted", generation: 0 } as const, openUntil: 0, mustProbe: false },
    ...{ probing: undefined, view: undefined, viewUntil: 0, askedAt: undefined, token: undefined, lastToken: NO_TOKEN },
    ...{ sequence: 0, hasFailed: false },
    ...{ found: undefined, isUrgent: false },
  };
}
