// Questions of this isolate to the relay of its region: about a key that it does not have, or for a recent view of revocations. Calls wait
// for the answer, each with its own timer; calls that need the same share one question.
import type { KeysAnswer, KeysQuestion, WantedKey } from "../../../../core/exchange/key-messages.ts";
import { EXCHANGE_VERSION } from "../../../../core/exchange/messages.ts";
import { logEvent } from "../../../log.ts";
import { sampled } from "../../../sampled.ts";
import { SharedOutcome } from "../../background/shared-outcome.ts";
import type { KeyRing } from "./key-ring.ts";

/** What is used of the background exchange. */
export interface KeyRelay {
  keys(question: KeysQuestion): Promise<KeysAnswer>;
}

interface Question {
  readonly sentAt: number; // epoch ms
  readonly outcome: SharedOutcome<"answered" | "failed">;
}

const MAX_QUESTIONS = 100; // at once; more calls with unknown keys are refused
const VIEW = ""; // name of the question for a view alone; a key has its id

export class KeyReader {
  readonly #ring: KeyRing;
  readonly #relay: KeyRelay;
  readonly #waitMs: number;
  readonly #keepAlive: (done: Promise<void>) => void;
  readonly #questions = new Map<string, Question>(); // keyed by id and revision
  readonly #failures = sampled();

  /** @param keepAlive `waitUntil` */
  constructor(ring: KeyRing, relay: KeyRelay, waitMs: number, keepAlive: (done: Promise<void>) => void) {
    this.#ring = ring;
    this.#relay = relay;
    this.#waitMs = waitMs;
    this.#keepAlive = keepAlive;
  }

  /** How long a call waits at most, ms, whatever it has to know. */
  get waitMs(): number {
    return this.#waitMs;
  }

  /**
   * Waits for a key and a view. Never rejects; the outcome is in the ring.
   *
   * @param waitMs longest time, at most that of the settings
   * @returns whether the ring has the latest of the key, and knows it
   */
  read(wanted: WantedKey, now: number, waitMs: number): Promise<boolean> {
    return this.#answer(`${wanted.id} ${wanted.revision}`, [wanted], now, waitMs);
  }

  /** Waits for a view. */
  refresh(now: number, waitMs: number): Promise<boolean> {
    return this.#answer(VIEW, [], now, waitMs);
  }

  /** Requests a view; no call waits for it. */
  refreshInBackground(now: number): void {
    this.#question(VIEW, [], now);
  }

  async #answer(name: string, wanted: readonly WantedKey[], now: number, waitMs: number): Promise<boolean> {
    const question = this.#question(name, wanted, now);
    if (question === undefined) return false;
    const outcome = await question.outcome.wait(Math.min(waitMs, this.#waitMs));
    if (outcome === undefined) this.#ring.view.failed(Date.now());
    return outcome === "answered";
  }

  /** @returns the question of this name that is under way, or a new one; undefined where too many are */
  #question(name: string, wanted: readonly WantedKey[], now: number): Question | undefined {
    const running = this.#questions.get(name);
    // The platform may cancel a question with the call that has sent it, without any sign.
    if (running !== undefined && Math.abs(now - running.sentAt) <= this.#waitMs) return running;
    for (const [other, { sentAt }] of this.#questions) if (Math.abs(now - sentAt) > this.#waitMs) this.#questions.delete(other);
    if (this.#questions.size >= MAX_QUESTIONS) return undefined;
    const question: Question = { sentAt: now, outcome: new SharedOutcome() };
    this.#questions.set(name, question);
    this.#ring.view.sent(now);
    this.#keepAlive(this.#send(name, question, wanted));
    return question;
  }

  async #send(name: string, question: Question, wanted: readonly WantedKey[]): Promise<void> {
    const { sentAt, outcome } = question;
    const { known, maxAgeMs } = this.#ring;
    try {
      const answer = await this.#relay.keys({ version: EXCHANGE_VERSION, known, maxAgeMs, wanted });
      const isComplete = this.#ring.learn(answer, wanted, sentAt, Date.now());
      this.#end(name, question);
      outcome.settle(isComplete ? "answered" : "failed");
    } catch (error) {
      const now = Date.now();
      this.#ring.view.failed(now);
      this.#end(name, question);
      outcome.settle("failed");
      const failures = this.#failures(now);
      if (failures > 0) logEvent("key_request_failed", { failures, viewAgeMs: finite(this.#ring.view.ageMs(now)), error });
    }
  }

  #end(name: string, question: Question): void {
    if (this.#questions.get(name) === question) this.#questions.delete(name);
  }
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}
