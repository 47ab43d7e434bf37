// What a member of a room has not read yet: bounded, so that its senders wait.
import { Code, ConnectError } from "@connectrpc/connect";

const MAX_MESSAGES = 16;
const PATIENCE_MS = 10_000; // a member that reads nothing for so long, while its mailbox is full, has to leave

export class Mailbox<T> {
  readonly #messages: T[] = [];
  #changed = Promise.withResolvers<void>();
  #isOver = false;
  #error: unknown;

  /** Waits while the mailbox is full. One that has ended takes nothing. */
  async put(message: T): Promise<void> {
    const timer = setTimeout(() => this.end(new ConnectError("messages were not read in time", Code.ResourceExhausted)), PATIENCE_MS);
    while (this.#messages.length >= MAX_MESSAGES && !this.#isOver) await this.#changed.promise;
    clearTimeout(timer);
    if (this.#isOver) return;
    this.#messages.push(message);
    this.#wake();
  }

  /** The messages, until the end. @throws the error with which it has ended */
  async *messages(): AsyncGenerator<T> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        this.#wake();
        yield message;
      } else if (!this.#isOver) await this.#changed.promise;
      else if (this.#error === undefined) return;
      else throw this.#error;
    }
  }

  /** Ends the messages after those that are there. */
  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
