// The purges that an isolate knows of, and which entries they hit. Judged at each read: a purge deletes nothing, and costs the same for any number of entries.

export const KINDS = ["key", "tag", "route", "all"] as const;
export type PurgeKind = (typeof KINDS)[number];

/** `soft`: what is hit counts as stale, and may serve while it is refreshed or where the upstream fails. `hard`: it is gone. */
export type PurgeMode = "soft" | "hard";

export interface Purge {
  readonly seq: number; // grows with each purge; about the epoch ms of it
  readonly kind: PurgeKind;
  readonly value: string; // "" for all
  readonly mode: PurgeMode;
}

/** What an isolate has to hear. Plain data: fit for RPC. */
export type Delta =
  | { readonly kind: "same"; readonly seq: number }
  | ({ readonly kind: "delta" } & Purged) // beside what the isolate knows
  | ({ readonly kind: "reset" } & Purged); // instead of it

export interface Purged {
  readonly seq: number; // of the latest purge
  readonly forgotten: number; // purges up to here are no longer listed
  readonly softFloor: number; // everything fetched before this seq counts as purged: purges that there was no room to list
  readonly hardFloor: number;
  readonly purges: readonly Purge[]; // by seq
}

/** What is looked at when an entry is read. */
export interface Judged {
  readonly key: string;
  readonly route: string;
  readonly tags: readonly string[];
  readonly seq: number; // known when its fetch started
}

export type Judgement = "valid" | PurgeMode;

interface Latest {
  soft: number;
  hard: number;
}

export class Purges {
  #seq = 0;
  #softFloor = 0;
  #hardFloor = 0;
  readonly #latest = new Map<string, Latest>(); // by kind and value; those last purged at the end

  /** The latest purge known: an entry that is fetched from now on bears it. */
  get seq(): number {
    return this.#seq;
  }

  /** Purges that are listed one by one. */
  get size(): number {
    return this.#latest.size;
  }

  /** An entry is hit by the purges that came after the one known when its fetch started; that covers what is purged while it is fetched. */
  judge({ key, route, tags, seq }: Judged): Judgement {
    if (seq >= this.#seq) return "valid"; // nothing has been purged since: the usual case
    let isSoft = seq < this.#softFloor;
    if (seq < this.#hardFloor) return "hard";
    const named = this.#latest;
    if (named.size === 0) return isSoft ? "soft" : "valid";
    for (let index = -2; index < tags.length; index++) {
      const name = index === -2 ? nameOf("key", key) : index === -1 ? nameOf("route", route) : nameOf("tag", tags[index]!);
      const latest = named.get(name);
      if (latest === undefined) continue;
      if (seq < latest.hard) return "hard";
      if (seq < latest.soft) isSoft = true;
    }
    return isSoft ? "soft" : "valid";
  }

  /** Takes what the log says. What is known already, or older than what is known, changes nothing. */
  take(delta: Delta): void {
    if (delta.kind === "same") return;
    if (delta.kind === "reset") {
      this.#latest.clear();
      this.#seq = 0;
      this.#softFloor = 0;
      this.#hardFloor = 0;
    }
    this.#softFloor = Math.max(this.#softFloor, delta.softFloor);
    this.#hardFloor = Math.max(this.#hardFloor, delta.hardFloor);
    for (const purge of delta.purges) this.#add(purge);
    this.#seq = Math.max(this.#seq, delta.seq);
    for (const [name, { soft, hard }] of this.#latest) {
      if (Math.max(soft, hard) > delta.forgotten) break;
      this.#latest.delete(name);
    }
  }

  #add({ kind, value, mode, seq }: Purge): void {
    if (kind === "all") {
      if (mode === "soft") this.#softFloor = Math.max(this.#softFloor, seq);
      else this.#hardFloor = Math.max(this.#hardFloor, seq);
      return;
    }
    const name = nameOf(kind, value);
    const known = this.#latest.get(name) ?? { soft: 0, hard: 0 };
    if (seq <= known[mode]) return;
    this.#latest.delete(name);
    this.#latest.set(name, { ...known, [mode]: seq });
  }
}

function nameOf(kind: PurgeKind, value: string): string {
  return `${kind} ${value}`;
}
