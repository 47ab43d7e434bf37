// Seeded traces of cache keys: a popularity that falls with the rank, scans between, and a popularity that drifts.

/** Numbers in [0, 1), the same for the same seed. @see mulberry32 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws ranks in [0, count) with probability 1 / (rank + 1)^alpha. */
export function zipf(count: number, alpha: number, random: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1) ** alpha;
    sums[rank] = sum;
  }
  return () => {
    const at = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

export interface Trace {
  readonly keys: readonly string[]; // index: the number of a key
  readonly requests: Uint32Array;
}

export interface TraceShape {
  readonly count: number; // distinct keys
  readonly length: number; // requests
  readonly seed: number;
}

const named = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `v1|users.v1.UserService/GetUser|shared|usr_${index}`);

/** Zipf only. */
export function zipfTrace({ count, length, seed }: TraceShape, alpha: number): Trace {
  const draw = zipf(count, alpha, seeded(seed));
  return { keys: named(count), requests: Uint32Array.from({ length }, draw) };
}

/** Zipf 0.9, and a fifth of the requests in scans of 500 keys that are requested once. */
export function scanTrace({ count, length, seed }: TraceShape): Trace {
  const draw = zipf(count, 0.9, seeded(seed));
  const scanned = Math.ceil(length / 5);
  let next = count;
  const requests = Uint32Array.from({ length }, (_, index) => (index % 2_500 < 500 ? next++ : draw()));
  return { keys: named(count + scanned + 500), requests };
}

/** Zipf 0.9 over ranks that move on: every so many requests the most popular key is forgotten, and the others move up. */
export function driftTrace({ count, length, seed }: TraceShape, everyRequests: number): Trace {
  const draw = zipf(count, 0.9, seeded(seed));
  return { keys: named(count), requests: Uint32Array.from({ length }, (_, index) => (draw() + Math.floor(index / everyRequests)) % count) };
}

/** Share of hits, %. */
export function hitPercent({ keys, requests }: Trace, get: (key: string) => boolean, set: (key: string) => void): number {
  let hits = 0;
  for (const number of requests) {
    const key = keys[number]!;
    if (get(key)) hits += 1;
    else set(key);
  }
  return (100 * hits) / requests.length;
}
