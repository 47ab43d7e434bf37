// Ends the wait for a request body that does not come. One timer serves the bodies of all calls: nearly every body is there at once, and a
// timer of its own would cost more than reading it.
//
// On Workers a timer belongs to the request that has set it. So the timer runs under `waitUntil` of the request whose body needed it first,
// and another request starts the next one before that time is over.
import { waitUntil } from "cloudflare:workers";

/** A body that is waited for. */
export interface Wait {
  readonly expiresAt: number; // epoch ms
  /** Called once, under another request perhaps: it may settle a promise of its own, and nothing else. */
  expire(): void;
}

/** The platform ends what a request does in the background 30 s after its response. */
const MAX_LIFE_MS = 25_000;
/** Longest wait that the timer serves; for a longer one the caller of `BodyTimer.add` needs a timer of its own. */
export const MAX_SHARED_MS = 12_000;
const LOST_MS = 1_000; // a timer that is so late was ended with its request

interface Run {
  wakesAt: number; // epoch ms
  readonly livesUntil: number; // epoch ms
}

export class BodyTimer {
  readonly #waits = new Set<Wait>();
  readonly #runs = new Set<Run>(); // one as a rule; several where a call may wait for less time than those before it

  get size(): number {
    return this.#waits.size;
  }

  /** @param wait at most MAX_SHARED_MS from `now`; it has to be removed when its body is there */
  add(wait: Wait, now: number): void {
    this.#waits.add(wait);
    if (!this.#isServed(wait, now)) waitUntil(this.#run({ wakesAt: wait.expiresAt, livesUntil: now + MAX_LIFE_MS }));
  }

  remove(wait: Wait): void {
    this.#waits.delete(wait);
  }

  #isServed({ expiresAt }: Wait, now: number): boolean {
    for (const run of this.#runs) {
      if (now >= run.wakesAt + LOST_MS) this.#runs.delete(run);
      else if (run.wakesAt <= expiresAt && expiresAt <= run.livesUntil) return true;
    }
    return false;
  }

  async #run(run: Run): Promise<void> {
    this.#runs.add(run);
    while (run.wakesAt <= run.livesUntil) {
      const ms = Math.max(0, run.wakesAt - Date.now());
      await new Promise((resolve) => void setTimeout(resolve, ms));
      run.wakesAt = this.#expire(Date.now());
    }
    this.#runs.delete(run);
  }

  /** @returns when the next wait ends, epoch ms; Infinity where there is none */
  #expire(now: number): number {
    let nextAt = Number.POSITIVE_INFINITY;
    for (const wait of this.#waits) {
      if (wait.expiresAt > now) nextAt = Math.min(nextAt, wait.expiresAt);
      else if (this.#waits.delete(wait)) wait.expire();
    }
    return nextAt;
  }
}

export const bodyTimer = new BodyTimer();
