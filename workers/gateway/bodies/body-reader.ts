// Reads the body of a caller chunk by chunk: for no longer than the route allows, and within the memory that the call has reserved.
import type { Reservation } from "../../../core/overload/byte-budget.ts";
import { Rejected } from "../../../core/rejection.ts";
import { resizeReservation } from "../call/memory.ts";
import type { Call } from "../call.ts";
import { type ChunkReader, chunkReader } from "./chunk-reader.ts";

/** How long a body is waited for. */
export interface Patience {
  readonly idleMs: number; // longest silence of the caller
  readonly until: number; // epoch ms at which the body has to be complete; Infinity for a stream, which the deadline of the call ends
}

/** @returns when a wait for a body ends, epoch ms */
export function waitEndOf(call: Call, { until }: Patience, idleUntil: number): number {
  return Math.min(idleUntil, until, call.deadlineAt);
}

/** @param at when the wait ended, epoch ms @returns why it ended */
export function tooSlow(call: Call, { until }: Patience, idleMs: number, at: number): Rejected {
  if (at < until && at < call.deadlineAt) return new Rejected({ kind: "body_too_slow", isIdle: true, ms: idleMs });
  const ms = at - call.receivedAt;
  return new Rejected(
    at < until ? { kind: "deadline_exceeded", stage: "request", timeoutMs: ms } : { kind: "body_too_slow", isIdle: false, ms },
  );
}

/** A read that waits for the caller. */
interface Waiting {
  readonly idleMs: number;
  readonly since: number; // epoch ms
  readonly fail: (reason: Rejected) => void;
}

export class BodyReader {
  readonly #reader: ChunkReader;
  readonly #call: Call;
  readonly #patience: Patience;
  readonly #held: Reservation;
  #waiting: Waiting | undefined;
  #timer: ReturnType<typeof setTimeout> | null = null; // one for many reads: it is set again only when it fires too early
  #timerAt = 0; // epoch ms
  #activeAt = 0; // epoch ms of the last byte of the response

  /**
   * @param held     memory reserved for the body; `hold` resizes it, and `stop` releases it
   * @param isReused each chunk is valid until the next read
   */
  constructor(call: Call, body: ReadableStream<Uint8Array>, patience: Patience, held: Reservation, isReused = false) {
    this.#held = held;
    this.#call = call;
    this.#patience = patience;
    this.#reader = chunkReader(body, isReused);
  }

  /**
   * @param idleMs longest silence, where it is not that of a message: between the messages of a stream
   * @returns undefined at the end
   * @throws Rejected where the caller's connection ends within the body, or is silent for too long
   */
  read(idleMs = this.#patience.idleMs): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#wait({ idleMs, since: Date.now(), fail: reject });
      this.#reader.read().then(
        (chunk) => {
          this.#waiting = undefined;
          if (chunk === undefined) this.#end();
          resolve(chunk);
        },
        (error: unknown) => {
          this.#end();
          // The stream of a converted body fails with a Rejected of its own.
          reject(error instanceof Rejected ? error : new Rejected({ kind: "caller_gone" }));
        },
      );
    });
  }

  /** @param bytes that are held of the body. @throws Rejected `overloaded` where there is no memory for them */
  hold(bytes: number): void {
    resizeReservation(this.#call, this.#held, bytes);
  }

  /** The response goes on: the caller may be silent for longer, while it reads. */
  touch(): void {
    this.#activeAt = Date.now();
  }

  cancel(reason: unknown): void {
    this.#end();
    this.#reader.cancel(reason).catch(() => undefined);
  }

  /** Stops reading, and gives back what the body held. The rest stays readable, so that the caller can read the refusal. */
  stop(): void {
    this.#end();
    this.#held.release();
    try {
      this.#reader.releaseLock();
    } catch {
      // A read is in progress, and the runtime keeps the lock for it.
    }
  }

  #end(): void {
    this.#waiting = undefined;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wait(waiting: Waiting): void {
    this.#waiting = waiting;
    const at = this.#endOf(waiting);
    if (this.#timer === null || at < this.#timerAt) this.#setTimer(at);
  }

  #endOf({ idleMs, since }: Waiting): number {
    return waitEndOf(this.#call, this.#patience, Math.max(since, this.#activeAt) + idleMs);
  }

  #setTimer(at: number): void {
    if (at === Number.POSITIVE_INFINITY) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#check(), Math.max(0, at - Date.now()));
  }

  #check(): void {
    this.#timer = null;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const at = this.#endOf(waiting);
    if (Date.now() < at) this.#setTimer(at);
    else {
      const reason = tooSlow(this.#call, this.#patience, waiting.idleMs, at);
      this.cancel(reason);
      waiting.fail(reason);
    }
  }
}
