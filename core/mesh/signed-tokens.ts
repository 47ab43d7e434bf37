// The tokens that a Worker has signed, for further calls with the same claims: a signature costs more than the call's other headers together.

/** A token is used until so much of its time is left: its call may wait on its way. */
const MIN_LEFT_MS = 20_000;
/** Tokens of an isolate, all services and callers together. The one that has not been used for longest goes first. */
export const MAX_TOKEN_BYTES = 2_097_152;
const ENTRY_BYTES = 256; // estimate; the map

interface Token {
  readonly text: string;
  readonly until: number; // epoch ms
  readonly bytes: number;
}

export class SignedTokens {
  readonly #tokens = new Map<string, Token>(); // the one used last is at the end
  #bytes = 0;

  /** @param facts the claims, without their times */
  find(facts: string, now: number): string | undefined {
    const token = this.#tokens.get(facts);
    if (token === undefined || now >= token.until) return undefined;
    this.#tokens.delete(facts);
    this.#tokens.set(facts, token);
    return token.text;
  }

  /** @param expiresAt epoch ms */
  store(facts: string, text: string, expiresAt: number): void {
    const bytes = 2 * (text.length + facts.length) + ENTRY_BYTES; // UTF-16
    this.#bytes += bytes - (this.#tokens.get(facts)?.bytes ?? 0);
    this.#tokens.delete(facts);
    this.#tokens.set(facts, { text, until: expiresAt - MIN_LEFT_MS, bytes });
    for (const [oldest, token] of this.#tokens) {
      if (this.#bytes <= MAX_TOKEN_BYTES) return;
      this.#tokens.delete(oldest);
      this.#bytes -= token.bytes;
    }
  }

  get bytes(): number {
    return this.#bytes;
  }
}
