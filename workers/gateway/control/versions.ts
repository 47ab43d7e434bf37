// The compiled versions of an isolate: the live one, the one before it, and the canary. At most two, and three with a canary.
import type { GatewayInput } from "../../../core/config/gateway.ts";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import {
  type CanaryRef,
  type ControlSection,
  type ControlView,
  MAX_REFUSAL_LENGTH,
  MAX_REFUSED_VERSIONS,
  type RefusedVersion,
} from "../../../core/exchange/control-messages.ts";
import { logEvent } from "../../log.ts";
import { BUNDLED, type CompiledVersion, compileVersion, type VersionSource } from "./compile-version.ts";
import { snapshotInput } from "./snapshot-input.ts";

export interface ServingCanary {
  readonly ref: CanaryRef;
  readonly compiled: CompiledVersion;
}

/** The pointers of a view or of the copy in KV, with the snapshots that came with them. */
export type Pointers = Pick<ControlView, "sequence" | "live" | "canary" | "snapshots">;

export class Versions {
  readonly #bundled: GatewayInput;
  readonly #source: VersionSource;
  readonly #jurisdiction: string | undefined;
  readonly #refused = new Map<string, string>(); // reasons by digest, the latest one last
  #sequence = 0;
  #number = 0; // number of the live version; 0 for the bundled configuration
  #live: CompiledVersion;
  #previous: CompiledVersion | undefined;
  #canary: ServingCanary | undefined;

  /** @throws InvalidConfiguration where the bundled configuration has a problem */
  constructor(bundled: GatewayInput, source: VersionSource) {
    this.#bundled = bundled;
    this.#source = source;
    this.#live = compileVersion(BUNDLED, bundled, source);
    this.#jurisdiction = this.#live.configuration.policy.durableObjects.jurisdiction;
  }

  get live(): CompiledVersion {
    return this.#live;
  }

  /** Number of the live version; 0 for the bundled configuration. */
  get number(): number {
    return this.#number;
  }

  get canary(): ServingCanary | undefined {
    return this.#canary;
  }

  /** Sequence of the pointers that the isolate follows; 0 before the first ones. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Compiled versions that are in memory for new requests. */
  get size(): number {
    return this.#held().length;
  }

  section(): ControlSection {
    const refused = [...this.#refused].map(([digest, reason]): RefusedVersion => ({ digest, reason }));
    const compiled = this.#held().map(({ digest }) => digest);
    return {
      known: this.#sequence,
      has: [...compiled.filter((digest) => digest !== BUNDLED), ...this.#refused.keys()],
      runs: this.#live.digest,
      ...(this.#canary === undefined ? {} : { canary: this.#canary.compiled.digest }),
      ...(refused.length === 0 ? {} : { refused }),
    };
  }

  /** Whether the isolate lacks a snapshot that the pointers name: then they are of no use yet. */
  lacks({ live, canary, snapshots }: Pointers): boolean {
    const sent = new Set(snapshots.map(({ digest }) => digest));
    const has = (digest: string): boolean => sent.has(digest) || this.#refused.has(digest) || this.#compiled(digest) !== undefined;
    return [live, canary].some((ref) => ref !== undefined && !has(ref.digest));
  }

  /**
   * Follows the pointers, in one step: no request sees anything between. Pointers that are older than the known ones change nothing, and a
   * version that cannot be compiled leaves the last good one where it is.
   */
  follow(pointers: Pointers): void {
    if (pointers.sequence <= this.#sequence || this.lacks(pointers)) return;
    this.#sequence = pointers.sequence;
    const { live, canary, snapshots } = pointers;
    const former = this.#live;
    const wanted = [live?.digest ?? BUNDLED, canary?.digest];
    const kept = this.#held().filter((compiled) => compiled === former || wanted.includes(compiled.digest));
    // What is not wanted ends before another version is compiled: there are never more than two, or three with a canary.
    for (const compiled of this.#held()) if (!kept.includes(compiled)) compiled.release();
    const versionOf = (digest: string): CompiledVersion | undefined => {
      const compiled = kept.find((one) => one.digest === digest) ?? this.#compile(digest, snapshots);
      if (compiled !== undefined && !kept.includes(compiled)) kept.push(compiled);
      return compiled;
    };
    this.#live = versionOf(live?.digest ?? BUNDLED) ?? former;
    if (this.#live.digest === (live?.digest ?? BUNDLED)) this.#number = live?.version ?? 0;
    const other = canary && versionOf(canary.digest);
    this.#canary = canary === undefined || other === undefined || other === this.#live ? undefined : { ref: canary, compiled: other };
    this.#previous = former === this.#live || former === other ? undefined : former;
  }

  /** @returns undefined where the version is refused, now or before */
  #compile(digest: string, snapshots: readonly StoredSnapshot[]): CompiledVersion | undefined {
    if (digest === BUNDLED) return compileVersion(BUNDLED, this.#bundled, this.#source);
    const snapshot = snapshots.find((sent) => sent.digest === digest);
    return snapshot && this.#compileSnapshot(snapshot);
  }

  #compileSnapshot(snapshot: StoredSnapshot): CompiledVersion | undefined {
    const read = snapshotInput(snapshot);
    if (read.kind === "invalid") return this.#refuse(snapshot.digest, read.problem);
    const place = read.input.durableObjects?.jurisdiction;
    if (place !== this.#jurisdiction || read.input.control === undefined)
      return this.#refuse(snapshot.digest, "durableObjects.jurisdiction and control have to be those of the bundled configuration");
    try {
      return compileVersion(snapshot.digest, read.input, this.#source);
    } catch (error) {
      return this.#refuse(snapshot.digest, error instanceof Error ? error.message : String(error));
    }
  }

  #refuse(digest: string, reason: string): undefined {
    this.#refused.delete(digest);
    this.#refused.set(digest, reason.slice(0, MAX_REFUSAL_LENGTH));
    for (const oldest of this.#refused.keys()) if (this.#refused.size > MAX_REFUSED_VERSIONS) this.#refused.delete(oldest);
    logEvent("version_refused", { digest, reason: reason.slice(0, MAX_REFUSAL_LENGTH) });
    return undefined;
  }

  #compiled(digest: string): CompiledVersion | undefined {
    return this.#held().find((compiled) => compiled.digest === digest);
  }

  #held(): CompiledVersion[] {
    return [this.#live, this.#previous, this.#canary?.compiled].filter((compiled) => compiled !== undefined);
  }
}
