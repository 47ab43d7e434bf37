// What has been added in the last 5 minutes, in slices of 10 s: for rates and percentiles of the last seconds.

import type { HotKeyCount } from "../metrics/hot-key-count.ts";
import { HotKeys } from "../metrics/hot-keys.ts";
import type { SeriesDelta } from "../metrics/report.ts";
import { SeriesSums } from "./series-sums.ts";

export const SLICE_MS = 10_000;
export const MAX_WINDOW_MS = 300_000;

export interface WindowBounds {
  readonly maxSeries: number; // series of one slice
  readonly maxBytes: number; // memory of all slices, about: the oldest are forgotten
}

export const WINDOW_BOUNDS: WindowBounds = { maxSeries: 20_000, maxBytes: 16_777_216 };

/** Sums over the last seconds. */
export interface WindowSums {
  readonly ms: number; // time that they are of; 0 where nothing is known
  readonly series: readonly SeriesDelta[];
  readonly hotKeys: readonly HotKeyCount[];
}

/** One slice as plain data. */
export interface StoredSlice {
  readonly startedAt: number; // epoch ms
  readonly series: readonly SeriesDelta[];
}

interface Slice {
  readonly startedAt: number; // epoch ms
  readonly sums: SeriesSums;
  readonly hotKeys: HotKeys;
}

const MAX_HOT_KEYS = 50; // keys of one slice

/** Times are epoch ms. */
export class SliceWindow {
  readonly #bounds: WindowBounds;
  #knownSince: number; // what was before is not known
  #slices: Slice[] = []; // the oldest first

  constructor(startedAt: number, bounds = WINDOW_BOUNDS) {
    this.#bounds = bounds;
    this.#knownSince = startedAt;
  }

  get bytes(): number {
    return this.#slices.reduce((bytes, { sums }) => bytes + sums.bytes, 0);
  }

  add(series: readonly SeriesDelta[], hotKeys: readonly HotKeyCount[], now: number): void {
    const { sums, hotKeys: keys } = this.#sliceOf(now);
    for (const delta of series) sums.add(delta);
    for (const count of hotKeys) keys.record(count);
    while (this.#slices.length > 1 && this.bytes > this.#bounds.maxBytes) this.#forgetOldest();
  }

  /** @param ms at most MAX_WINDOW_MS; the sums are of up to a slice more */
  read(ms: number, now: number): WindowSums {
    const from = now - Math.min(ms, MAX_WINDOW_MS);
    const slices = this.#slices.filter(({ startedAt }) => startedAt + SLICE_MS > from && startedAt <= now);
    const total = new SeriesSums({ ...this.#bounds, maxBytes: Number.POSITIVE_INFINITY });
    const keys = new HotKeys(4 * MAX_HOT_KEYS);
    for (const { sums, hotKeys } of slices) {
      for (const delta of sums.read()) total.add(delta);
      for (const count of hotKeys.read()) keys.record(count);
    }
    const since = Math.max(this.#knownSince, Math.floor(from / SLICE_MS) * SLICE_MS);
    return { ms: Math.max(0, now - since), series: total.take(), hotKeys: keys.read() };
  }

  /** The latest slices. @param maxBytes of their memory together, about */
  state(maxBytes: number): readonly StoredSlice[] {
    const slices: StoredSlice[] = [];
    let bytes = 0;
    for (const { startedAt, sums } of this.#slices.toReversed()) {
      bytes += sums.bytes;
      if (bytes > maxBytes) break;
      slices.unshift({ startedAt, series: [...sums.read()] });
    }
    return slices;
  }

  /** Takes in slices from before a restart. */
  restore(slices: readonly StoredSlice[], now: number): void {
    const [first] = slices;
    if (first === undefined || first.startedAt > now) return;
    this.#knownSince = first.startedAt;
    for (const { startedAt, series } of slices) this.add(series, [], startedAt);
  }

  #sliceOf(now: number): Slice {
    const startedAt = Math.floor(now / SLICE_MS) * SLICE_MS;
    const latest = this.#slices.at(-1);
    if (latest?.startedAt === startedAt) return latest;
    // Slices that would begin later are of a clock that was set back since.
    this.#slices = this.#slices.filter((slice) => slice.startedAt > startedAt - MAX_WINDOW_MS - SLICE_MS && slice.startedAt < startedAt);
    const { maxSeries, maxBytes } = this.#bounds;
    const slice = { startedAt, sums: new SeriesSums({ maxSeries, maxBytes: maxBytes / 2 }), hotKeys: new HotKeys(MAX_HOT_KEYS) };
    this.#slices.push(slice);
    return slice;
  }

  #forgetOldest(): void {
    const [oldest] = this.#slices.splice(0, 1);
    this.#knownSince = Math.max(this.#knownSince, (oldest?.startedAt ?? 0) + SLICE_MS);
  }
}
