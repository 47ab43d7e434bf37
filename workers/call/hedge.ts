// Sends a read that takes long a second time, to another endpoint. The first good response is used, and the other attempt is ended.
import type { HedgePolicy } from "../../core/config/retry.ts";
import { ATTEMPT_HEADER } from "../../core/headers.ts";
import type { HedgeState } from "../../core/retry/hedge-state.ts";
import { type AttemptSender, CallAttempt } from "./call-attempt.ts";
import type { OutboundCall } from "./outbound-call.ts";

/** What all calls of a method have in common. */
export interface HedgeRules {
  readonly policy: HedgePolicy;
  readonly state: HedgeState; // all methods of the upstream share it
  /** A second attempt is made. */
  hedging(): void;
  /** Keeps the request that is being handled alive until the attempt that has lost is over: `waitUntil`. */
  keepAlive(done: Promise<void>): void;
}

const LONGEST_MS = 3_600_000; // a call without a deadline counts as in flight for no longer

/** Sends a call without side effects: two attempts may run side by side. @throws the error of the last attempt */
export async function hedged<C extends OutboundCall>(
  { policy, state, hedging, keepAlive }: HedgeRules,
  call: C,
  attempt: CallAttempt,
  next: AttemptSender<C>,
): Promise<Response> {
  if (attempt.headers.has(ATTEMPT_HEADER)) return next(call, attempt); // a retry, or a service before this one retries
  const { guard } = state;
  const hedger = state.hedgerOf(call.outgoing.path, policy);
  const startedAt = Date.now();
  const lease = guard.begin(startedAt, Math.min(attempt.deadlineAt, startedAt + LONGEST_MS));
  const first = running(next, call, attempt, 1);
  const delayMs = hedger.start();
  const isLate = delayMs !== undefined && startedAt + delayMs < attempt.deadlineAt && (await isLater(first, delayMs));
  const now = Date.now();
  const isHedged = isLate && attempt.signal?.aborted !== true && hedger.take(now) && attempt.budget?.take(now) !== false;
  call.trace?.note("hedge", { "hedging.percent": policy.percent, delayMs: delayMs ?? null, isHedged });
  if (isHedged) hedging();
  const second = isHedged ? running(next, call, attempt, 2) : undefined;
  const winner = second === undefined ? first : await firstGood(first, second);
  const outcome = await winner.settled;
  const loser = winner === first ? second : first;
  if (loser !== undefined) keepAlive(loser.end());
  const isGivenUp = attempt.signal?.aborted === true && Date.now() < attempt.deadlineAt;
  guard.end(lease, isGivenUp ? undefined : !isGood(outcome));
  if (!isGivenUp) hedger.end(Date.now() - startedAt, second && winner === second);
  if (outcome.response !== undefined) return outcome.response;
  throw outcome.error;
}

interface Outcome {
  readonly response?: Response;
  readonly error?: unknown;
}

interface Running {
  readonly settled: Promise<Outcome>;
  /** Called when its response is no longer needed. @returns settles when nothing of it is left; never rejects */
  end(): Promise<void>;
}

/** Starts an attempt that can be ended alone: for what sends it, its caller hangs up, so it counts against no endpoint. */
function running<C extends OutboundCall>(
  next: AttemptSender<C>,
  call: C,
  { tried, headers, maxMs, budget, deadlineAt, signal: outer }: CallAttempt,
  number: 1 | 2,
): Running {
  const own = new AbortController();
  const signal = outer === null ? own.signal : AbortSignal.any([own.signal, outer]);
  const attempt =
    number === 1
      ? new CallAttempt(call, 1, tried, { maxMs, deadlineAt, signal, ...(budget && { budget }) }, headers)
      : new CallAttempt(call, 2, tried, { deadlineAt, signal }, hedgedHeaders(headers));
  const settled = outcomeOf(next, call, attempt);
  const end = async (): Promise<void> => {
    own.abort();
    const { response } = await settled;
    await response?.body?.cancel().catch(() => undefined); // the abort may have broken it
  };
  return { settled, end };
}

async function outcomeOf<C extends OutboundCall>(next: AttemptSender<C>, call: C, attempt: CallAttempt): Promise<Outcome> {
  try {
    return { response: await next(call, attempt) };
  } catch (error) {
    return { error };
  }
}

function hedgedHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  headers.set(ATTEMPT_HEADER, "2");
  return headers;
}

async function isLater({ settled }: Running, delayMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), delayMs);
  const isLate = await Promise.race([promise, settled.then(() => false)]);
  clearTimeout(timer);
  return isLate;
}

/** The attempt that ends first; where it fails, the other one. */
async function firstGood(first: Running, second: Running): Promise<Running> {
  const [winner, outcome] = await Promise.race([first, second].map(async (one) => [one, await one.settled] as const));
  if (isGood(outcome!)) return winner!;
  return winner === first ? second : first;
}

const BAD_STATUSES = new Set(["2", "4", "8", "13", "14", "15"]); // gRPC statuses of an upstream that is at fault, or overloaded

function isGood({ response }: Outcome): boolean {
  if (response === undefined || response.status === 429 || (response.status >= 500 && response.status !== 501)) return false;
  return !BAD_STATUSES.has(response.headers.get("grpc-status") ?? "");
}
