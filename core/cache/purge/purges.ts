// The purges that an isolate knows, and which stored responses they cover.
// Checked when a response is read: a purge deletes nothing, costs the same for any number of responses, and covers both cache levels
// at once.

export const PURGE_KINDS = ["key", "tag", "route", "all"] as const;
export type PurgeKind = (typeof PURGE_KINDS)[number];

/** `soft`: covered responses are revalidated, and still serve where the upstream fails. `hard`: they never serve again. */
export type PurgeMode = "soft" | "hard";

export interface PurgeTarget {
  readonly kind: PurgeKind;
  readonly value: string; // "" for all
}

export interface Purge extends PurgeTarget {
  readonly mode: PurgeMode;
  readonly seq: number; // epoch ms of the purge, or the previous seq + 1 where that is larger
}

/** The difference between what the log holds and what an isolate knows. Plain data: can be sent over RPC. */
export type PurgeDelta = { readonly kind: "same"; readonly seq: number } | NewPurges;

export interface NewPurges {
  readonly kind: "purged";
  readonly seq: number; // latest purge in the log
  readonly softFloor: number; // responses fetched before this seq are covered by a purge of all, or by purges no longer listed
  readonly hardFloor: number;
  readonly epoch: number; // last hard purge of all
  readonly purges: readonly Purge[]; // listed purges that the isolate does not know, by seq
}

/** The parts of a stored response by which purges cover it. */
export interface Purgeable {
  readonly key: string;
  readonly route: string;
  readonly tags: readonly string[];
  readonly purgeSeq: number; // latest purge that the isolate knew when the fetch started
}

export type PurgeDecision = "valid" | PurgeMode;

/** The latest purges of one key, tag or route: seq by mode. */
interface LatestPurges {
  readonly soft: number;
  readonly hard: number;
}

const NEVER: LatestPurges = { soft: 0, hard: 0 };

export class Purges {
  #seq = 0;
  #softFloor = 0;
  #hardFloor = 0;
  #epoch = 0;
  readonly #latest = new Map<string, LatestPurges>(); // keyed by kind and value

  /** The latest purge known. Responses whose fetch starts now carry it. */
  get seq(): number {
    return this.#seq;
  }

  /** The last hard purge of all. Part of the keys of the shared level, so that nothing older is found there. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Number of keys, tags and routes with purges of their own. */
  get size(): number {
    return this.#latest.size;
  }

  /**
   * Purges cover responses whose fetch started before the isolate knew them, also while the fetch was running.
   * An isolate that was behind then covers a response once more than needed, and never once less.
   */
  check({ key, route, tags, purgeSeq }: Purgeable): PurgeDecision {
    if (purgeSeq >= this.#seq) return "valid"; // the usual case: no purge since the fetch
    if (purgeSeq < this.#hardFloor) return "hard";
    let isSoft = purgeSeq < this.#softFloor;
    if (this.#latest.size > 0) {
      const count = tags.length + 2;
      for (let index = 0; index < count; index++) {
        const name = index === 0 ? nameOf("key", key) : index === 1 ? nameOf("route", route) : nameOf("tag", tags[index - 2]!);
        const { soft, hard } = this.#latest.get(name) ?? NEVER;
        if (purgeSeq < hard) return "hard";
        isSoft ||= purgeSeq < soft;
      }
    }
    return isSoft ? "soft" : "valid";
  }

  /** Applies a delta of the log. Deltas may arrive in any order and more than once. */
  apply(delta: PurgeDelta): void {
    if (delta.kind === "same") return;
    this.#seq = Math.max(this.#seq, delta.seq);
    this.#softFloor = Math.max(this.#softFloor, delta.softFloor);
    this.#hardFloor = Math.max(this.#hardFloor, delta.hardFloor);
    this.#epoch = Math.max(this.#epoch, delta.epoch);
    for (const { kind, value, mode, seq } of delta.purges) {
      const name = nameOf(kind, value);
      const latest = this.#latest.get(name) ?? NEVER;
      this.#latest.set(name, { ...latest, [mode]: Math.max(latest[mode], seq) });
    }
    for (const [name, { soft, hard }] of this.#latest) {
      if (hard <= this.#hardFloor && soft <= Math.max(this.#softFloor, this.#hardFloor)) this.#latest.delete(name);
    }
  }
}

function nameOf(kind: PurgeKind, value: string): string {
  return `${kind} ${value}`;
}
