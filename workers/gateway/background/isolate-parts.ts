// What an isolate keeps while versions of the configuration come and go: leases, caches, breakers, keys. Each version takes its parts from
// here: a part is shared by the versions that say the same of it, and ends with the last version that uses it.
import { sameSettings } from "../../../core/config/same-settings.ts";

/** One part. `needs` are the parts that were taken while this one was made: a version that uses this one uses them, too. */
interface Part {
  readonly name: string;
  readonly settings: unknown;
  readonly needs: Set<Part>;
  value: unknown;
  end: (value: never) => void;
  versions: number; // number of versions with it
}

const KEPT = (): void => undefined;

export class IsolateParts {
  readonly #parts = new Map<string, Part[]>(); // keyed by name; several where versions differ in its settings, the latest one last

  /** Parts that versions use now. */
  get size(): number {
    let size = 0;
    for (const named of this.#parts.values()) size += named.length;
    return size;
  }

  /** For one version: while it is compiled, and while it serves. */
  version(): VersionParts {
    return new VersionParts(this);
  }

  /** For `VersionParts` alone. */
  named(name: string): readonly Part[] {
    return this.#parts.get(name) ?? [];
  }

  /** For `VersionParts` alone. */
  add(part: Part): void {
    const named = this.#parts.get(part.name);
    if (named === undefined) this.#parts.set(part.name, [part]);
    else named.push(part);
  }

  /** For `VersionParts` alone. */
  drop(part: Part): void {
    const left = this.named(part.name).filter((other) => other !== part);
    if (left.length === 0) this.#parts.delete(part.name);
    else this.#parts.set(part.name, left);
    part.end(part.value as never); // `end` was given with the value
  }
}

export class VersionParts {
  readonly #isolate: IsolateParts;
  readonly #used = new Set<Part>();
  readonly #making: Part[] = []; // the parts that are being made, each within the one before
  #isReleased = false;

  constructor(isolate: IsolateParts) {
    this.#isolate = isolate;
  }

  /**
   * The part of this name and these settings: that of another version, or a new one. Parts may take others while they are made.
   *
   * @param settings all that the part depends on, beside its name
   * @param create   gets the latest part of this name with other settings, which another version still uses: what it knows may hold here, too
   * @param end      called when no version uses the part any more
   */
  get<T>(name: string, settings: unknown, create: (previous: T | undefined) => T, end: (value: T) => void = KEPT): T {
    const named = this.#isolate.named(name);
    const found = named.find((part) => sameSettings(part.settings, settings));
    const part = found ?? this.#make(name, settings, create, named.at(-1)?.value as T | undefined, end);
    this.#making.at(-1)?.needs.add(part);
    this.#use(part);
    return part.value as T; // parts of one name are of one type
  }

  /** The version serves no new calls: its parts end, save those that other versions use. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    for (const part of [...this.#used].reverse()) {
      part.versions -= 1;
      if (part.versions === 0) this.#isolate.drop(part);
    }
    this.#used.clear();
  }

  #make<T>(
    name: string,
    settings: unknown,
    create: (previous: T | undefined) => T,
    previous: T | undefined,
    end: (value: T) => void,
  ): Part {
    const part: Part = { name, settings, needs: new Set(), value: undefined, end, versions: 0 };
    this.#making.push(part);
    try {
      part.value = create(previous);
    } finally {
      this.#making.pop();
    }
    // A call that is still handled by a released version gets a part of its own: nothing would end it.
    if (!this.#isReleased) this.#isolate.add(part);
    return part;
  }

  #use(part: Part): void {
    if (this.#isReleased || this.#used.has(part)) return;
    for (const needed of part.needs) this.#use(needed);
    this.#used.add(part);
    part.versions += 1;
  }
}
