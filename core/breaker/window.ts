// Calls, failures and slow calls of the last seconds, counted in ten slices: the oldest slice is dropped as a whole.

const SLICES = 10;

export interface Counts {
  readonly calls: number;
  readonly failures: number;
  readonly slow: number;
}

/** Plain data, changed in place. */
export interface Window {
  readonly cells: Float64Array; // calls, failures and slow calls of each slice
  slice: number; // number of the newest slice
}

export function emptyWindow(): Window {
  return { cells: new Float64Array(3 * SLICES), slice: Number.NEGATIVE_INFINITY };
}

/**
 * Counts one call.
 *
 * @param lengthMs length of the window, ms
 * @param now      epoch ms
 */
export function count(window: Window, lengthMs: number, now: number, isFailure: boolean, isSlow: boolean): void {
  const { cells } = window;
  const at = 3 * advance(window, lengthMs, now);
  cells[at]! += 1;
  if (isFailure) cells[at + 1]! += 1;
  if (isSlow) cells[at + 2]! += 1;
}

/** Counts the failure of a call that was counted as a success before. */
export function countLateFailure(window: Window, lengthMs: number, now: number): void {
  window.cells[3 * advance(window, lengthMs, now) + 1]! += 1;
}

export function counts(window: Window, lengthMs: number, now: number): Counts {
  advance(window, lengthMs, now);
  const { cells } = window;
  let [calls, failures, slow] = [0, 0, 0];
  for (let at = 0; at < 3 * SLICES; at += 3) {
    calls += cells[at]!;
    failures += cells[at + 1]!;
    slow += cells[at + 2]!;
  }
  return { calls, failures, slow };
}

/** @returns the index of the newest slice. A clock that steps back stays in the newest slice. */
function advance(window: Window, lengthMs: number, now: number): number {
  const slice = Math.max(window.slice, Math.floor((now * SLICES) / lengthMs));
  if (slice !== window.slice) {
    const passed = Math.min(SLICES, slice - window.slice);
    for (let step = 0; step < passed; step++) {
      const at = 3 * indexOf(slice - step);
      window.cells.fill(0, at, at + 3);
    }
    window.slice = slice;
  }
  return indexOf(slice);
}

function indexOf(slice: number): number {
  return ((slice % SLICES) + SLICES) % SLICES; // times before the epoch are negative
}
