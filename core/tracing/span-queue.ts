// Spans that wait to be sent: bounded in memory. The newest are left out, and counted.
import { type CallSpan, spanBytes } from "./span.ts";

/** Memory of the spans that wait, and largest batch. */
export interface SpanBounds {
  readonly maxBytes: number;
  readonly maxBatch: number; // spans
}

export const SPAN_BOUNDS: SpanBounds = { maxBytes: 1_048_576, maxBatch: 256 };

export class SpanQueue {
  readonly #bounds: SpanBounds;
  #spans: CallSpan[] = [];
  #bytes = 0;
  #lost = 0;

  constructor(bounds = SPAN_BOUNDS) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#spans.length;
  }

  get isBatchFull(): boolean {
    return this.#spans.length >= this.#bounds.maxBatch;
  }

  add(span: CallSpan): void {
    const bytes = spanBytes(span);
    if (this.#bytes + bytes > this.#bounds.maxBytes) {
      this.#lost += 1;
      return;
    }
    this.#spans.push(span);
    this.#bytes += bytes;
  }

  /** The oldest spans, at most a batch. */
  take(): CallSpan[] {
    const batch = this.#spans.splice(0, this.#bounds.maxBatch);
    for (const span of batch) this.#bytes -= spanBytes(span);
    return batch;
  }

  get hasLost(): boolean {
    return this.#lost > 0;
  }

  /** Spans of a batch that has not arrived. */
  failed(spans: number): void {
    this.#lost += spans;
  }

  /** @returns spans that were lost since the call before */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }
}
