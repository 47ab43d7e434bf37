// The purges that an isolate knows of, and which entries they hit.
// Judged at each read: a purge deletes nothing, costs the same for any number of entries, and holds for both levels at once.

export const PURGE_KINDS = ["key", "tag", "route", "all"] as const;
export type PurgeKind = (typeof PURGE_KINDS)[number];

/** `soft`: what is hit serves again once the upstream was asked, and where that fails. `hard`: it is gone. */
export type PurgeMode = "soft" | "hard";

/** What somebody wants gone. */
export interface PurgeTarget {
  readonly kind: PurgeKind;
  readonly value: string; // "" for all
}

export interface Purge extends PurgeTarget {
  readonly mode: PurgeMode;
  readonly seq: number; // grows with each purge: its epoch ms, or one more than the last
}

/** What an isolate has to hear, beside what it knows. Plain data: fit for RPC. */
export type PurgeDelta = { readonly kind: "same"; readonly seq: number } | NewPurges;

export interface NewPurges {
  readonly kind: "purged";
  readonly seq: number; // of the latest purge
  readonly softFloor: number; // what was fetched before this seq is hit: by a purge of all, or by purges no longer listed
  readonly hardFloor: number;
  readonly epoch: number; // of the last hard purge of all
  readonly purges: readonly Purge[]; // those of a name that came after what the isolate knows, by seq
}

/** What is looked at when an entry is read. */
export interface Purgeable {
  readonly key: string;
  readonly route: string;
  readonly tags: readonly string[];
  readonly purgeSeq: number; // known when its fetch started
}

export type PurgeDecision = "valid" | PurgeMode;

/** The latest purges of one name. */
interface Latest {
  readonly soft: number;
  readonly hard: number;
}

const NEVER: Latest = { soft: 0, hard: 0 };

export class Purges {
  #seq = 0;
  #softFloor = 0;
  #hardFloor = 0;
  #epoch = 0;
  readonly #latest = new Map<string, Latest>(); // by kind and value

  /** The latest purge known: what is fetched from now on bears it. */
  get seq(): number {
    return this.#seq;
  }

  /** Of the last hard purge of all. Part of the keys of the shared level, so that nothing from before is found there. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Names that are purged one by one. */
  get size(): number {
    return this.#latest.size;
  }

  /**
   * An entry is hit by the purges that came after the one known when its fetch started: also by those that came while it was fetched.
   * Where the isolate knew too little then, it is hit once more than needed; never once less.
   */
  check({ key, route, tags, purgeSeq: seq }: Purgeable): PurgeDecision {
    if (seq >= this.#seq) return "valid"; // nothing has been purged since: the usual case
    if (seq < this.#hardFloor) return "hard";
    let isSoft = seq < this.#softFloor;
    if (this.#latest.size > 0) {
      const count = tags.length + 2;
      for (let index = 0; index < count; index++) {
        const name = index === 0 ? nameOf("key", key) : index === 1 ? nameOf("route", route) : nameOf("tag", tags[index - 2]!);
        const { soft, hard } = this.#latest.get(name) ?? NEVER;
        if (seq < hard) return "hard";
        isSoft ||= seq < soft;
      }
    }
    return isSoft ? "soft" : "valid";
  }

  /** Takes what the log says, in any order, and any number of times. */
  apply(delta: PurgeDelta): void {
    if (delta.kind === "same") return;
    this.#seq = Math.max(this.#seq, delta.seq);
    this.#softFloor = Math.max(this.#softFloor, delta.softFloor);
    this.#hardFloor = Math.max(this.#hardFloor, delta.hardFloor);
    this.#epoch = Math.max(this.#epoch, delta.epoch);
    for (const { kind, value, mode, seq } of delta.purges) {
      const name = nameOf(kind, value);
      const known = this.#latest.get(name) ?? NEVER;
      this.#latest.set(name, { ...known, [mode]: Math.max(known[mode], seq) });
    }
    for (const [name, { soft, hard }] of this.#latest) {
      if (hard <= this.#hardFloor && soft <= Math.max(this.#softFloor, this.#hardFloor)) this.#latest.delete(name);
    }
  }
}

function nameOf(kind: PurgeKind, value: string): string {
  return `${kind} ${value}`;
}
