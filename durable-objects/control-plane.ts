// The versions of a gateway's configuration, and their only writer: operators publish, promote and roll back; relays read what is live.
// A gateway has one.
import { DurableObject } from "cloudflare:workers";
import { type FleetReport, FleetReports, type FleetStatus } from "../core/control/fleet-reports.ts";
import { type ChangeBase, changed, type HistoryOutcome, liveVersion, type Operation, versionOf } from "../core/control/history.ts";
import { type StoredSnapshot, snapshotBytes, snapshotProblem } from "../core/control/snapshot.ts";
import { type CanaryShare, type PointerChange, shareOf, type Version, type VersionHistory } from "../core/control/version.ts";
import type { CanaryRef, ControlDelta, VersionRef } from "../core/exchange/control-messages.ts";
import { HistoryTable } from "./control/history-table.ts";
import { SnapshotTable } from "./control/snapshot-table.ts";

/** What a change has made, or why it was not made. */
export type ControlOutcome =
  | Exclude<HistoryOutcome, { readonly kind: "changed" }>
  | { readonly kind: "changed"; readonly change: PointerChange };

export interface ControlStatus {
  readonly sequence: number; // `expected` of the next change
  readonly live: Version | undefined; // undefined: the bundled configuration
  readonly previous: Version | undefined; // becomes live by a rollback
  readonly canary: (CanaryShare & { readonly version: Version }) | undefined;
  readonly changes: readonly PointerChange[]; // the latest last
  readonly fleet: FleetStatus;
}

export class ControlPlane extends DurableObject {
  readonly #history: HistoryTable;
  readonly #snapshots: SnapshotTable;
  readonly #fleet = new FleetReports();
  readonly #read = new Map<string, StoredSnapshot>(); // the live one and the canary, once a relay has wanted them
  #state: VersionHistory;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#history = new HistoryTable(ctx.storage.sql);
    this.#snapshots = new SnapshotTable(ctx.storage.sql);
    this.#state = this.#history.read();
  }

  /**
   * What a relay does not have yet.
   *
   * @param has    digests whose snapshots it has
   * @param report what its isolates run
   */
  since(has: readonly string[], report: FleetReport): ControlDelta {
    this.#fleet.receive(report, Date.now());
    const { sequence, canary } = this.#state;
    const live = this.#refOf(liveVersion(this.#state));
    const tried = canary && this.#refOf(canary.version);
    const wanted = new Set([live, tried].flatMap((ref) => (ref === undefined ? [] : [ref.digest])));
    const snapshots = [...wanted].filter((digest) => !has.includes(digest)).map((digest) => this.#snapshotOf(digest));
    const canaryRef: CanaryRef | undefined = tried && { ...tried, ...shareOf(canary!) };
    return { sequence, live, canary: canaryRef, snapshots };
  }

  /**
   * Stores a version, and makes it live, or the canary where it has a share.
   *
   * @param snapshot one that the gateway has compiled
   */
  async publish(base: ChangeBase, snapshot: StoredSnapshot, share?: CanaryShare): Promise<ControlOutcome> {
    const problem = snapshotProblem(snapshot) ?? (await digestProblem(snapshot));
    if (problem !== undefined) return { kind: "refused", problem };
    const operation = { ...base, kind: "publish" as const, digest: snapshot.digest, bytes: snapshotBytes(snapshot) };
    return this.#change(share === undefined ? operation : { ...operation, share }, snapshot);
  }

  /** Makes the canary live; with a share, gives it more or fewer callers. */
  promote(base: ChangeBase, share?: CanaryShare): ControlOutcome {
    return this.#change(share === undefined ? { ...base, kind: "promote" } : { ...base, kind: "promote", share });
  }

  /** Takes the canary back, else returns to the version before the live one. @param to number of a version; 0 for the bundled configuration */
  rollback(base: ChangeBase, to?: number): ControlOutcome {
    return this.#change(to === undefined ? { ...base, kind: "rollback" } : { ...base, kind: "rollback", to });
  }

  /** Takes the canary back. */
  abort(base: ChangeBase): ControlOutcome {
    return this.#change({ ...base, kind: "abort" });
  }

  status(): ControlStatus {
    const { sequence, lives, canary, changes } = this.#state;
    return {
      sequence,
      live: versionOf(this.#state, liveVersion(this.#state)),
      previous: versionOf(this.#state, lives.at(-2) ?? 0),
      canary: canary && { ...shareOf(canary), version: versionOf(this.#state, canary.version)! },
      changes,
      fleet: this.#fleet.status(Date.now()),
    };
  }

  /** The stored versions, ascending. */
  versions(): readonly Version[] {
    return this.#state.versions;
  }

  /** @returns undefined for one that is not stored */
  version(number: number): { readonly version: Version; readonly snapshot: StoredSnapshot } | undefined {
    const version = versionOf(this.#state, number);
    const snapshot = version && this.#snapshots.get(version.digest);
    return version && snapshot && { version, snapshot };
  }

  /** Decides and writes without a pause: no other change can come in between. */
  #change(operation: Operation, snapshot?: StoredSnapshot): ControlOutcome {
    const outcome = changed(this.#state, operation, Date.now());
    if (outcome.kind !== "changed") return outcome;
    const { history, change } = outcome;
    this.ctx.storage.transactionSync(() => {
      if (snapshot !== undefined) this.#snapshots.put(snapshot);
      this.#history.write(this.#state, history);
      if (history.versions.length <= this.#state.versions.length) {
        this.#snapshots.keepOnly(new Set(history.versions.map(({ digest }) => digest)));
      }
    });
    this.#state = history;
    return { kind: "changed", change };
  }

  #refOf(number: number): VersionRef | undefined {
    const version = versionOf(this.#state, number);
    return version && { version: version.version, digest: version.digest };
  }

  #snapshotOf(digest: string): StoredSnapshot {
    const snapshot = this.#read.get(digest) ?? this.#snapshots.get(digest);
    if (snapshot === undefined) throw new Error(`snapshot ${digest} is not stored completely`);
    this.#read.set(digest, snapshot);
    if (this.#read.size > 2) this.#read.delete(this.#read.keys().next().value!);
    return snapshot;
  }
}

async function digestProblem({ digest, text, descriptors }: StoredSnapshot): Promise<string | undefined> {
  const parts = [[digest, new TextEncoder().encode(text)] as const, ...Object.entries(descriptors)];
  for (const [name, bytes] of parts) {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hex = Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== name) return `the SHA-256 of ${name} is ${hex}; make the snapshot with \`tidegate publish\``;
  }
  return undefined;
}
