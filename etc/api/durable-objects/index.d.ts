import { C as Version, D as IsolateReports, E as BreakerView, O as SharedViews, S as PointerChange, T as StoredSnapshot, _ as Registration, a as PurgeDelta, b as RefusedVersion, c as KeyUseTimes, d as KeyGrant, f as KeyRecord, g as RegisteredEndpoint, h as EndpointSnapshot, i as KeysQuestion, l as KeyDelta, m as EndpointAction, n as ExchangeRequest, o as PurgeMode, p as ConfiguredEndpoint, r as KeysAnswer, s as PurgeTarget, t as ExchangeReply, u as KeyFields, v as RegistryProblem, w as VersionHistory, x as CanaryShare, y as ControlDelta } from "../shared/messages.js";
import { i as BreakerPolicy, r as HealthPolicy } from "../shared/issuers.js";
import { DurableObject } from "cloudflare:workers";
interface AuditEvent {
  readonly outcome: "changed" | "denied";
  readonly identity: string;
  readonly role: string;
  readonly route: string;
  readonly subject: string;
  readonly address: string;
  readonly requestId: string;
}
/** An event as it is stored. */
interface RecordedEvent extends AuditEvent {
  readonly seq: number;
  readonly at: number;
}
export declare class AuditLog extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: {
    changed: number;
    denied: number;
  });
  /** Stores one event, and drops the oldest one of its outcome where there are more than its bound. */
  append(event: AuditEvent): void;
  /**
   * Events, the latest first.
   *
   * @param before seq below which they are; Infinity for the latest
   * @param limit  1 to 200
   */
  list(outcome: AuditEvent["outcome"], before: number, limit: number): readonly RecordedEvent[];
  /**
   * Stores the trace of a call for a minute; of more than its bound, the oldest go first.
   *
   * @param id   of the request
   * @param text of bounded size: `traceText`
   */
  storeTrace(id: string, text: string): Promise<void>;
  /** @returns undefined where there is none of this id, or no longer */
  findTrace(id: string): string | undefined;
  alarm(): Promise<void>;
}
/** What an operator has set instead of what the evidence says. */
type Override = "open" | "closed";
/** One row of the audit log. */
interface BreakerChange extends Record<string, SqlStorageValue> {
  readonly id: number;
  readonly at: number;
  readonly endpoint: string;
  readonly kind: BreakerView["kind"];
  readonly override: Override | null;
  readonly author: string;
  readonly reason: string;
}
/** The state of one endpoint. */
interface BreakerStatus {
  readonly endpoint: string;
  readonly kind: BreakerView["kind"];
  readonly since: number | undefined;
  readonly override: Override | undefined;
  readonly isolates: number;
}
/** Who has changed something, and why: for the audit log. */
type ChangeAuthor = Pick<BreakerChange, "author" | "reason">;
export declare class CircuitBreaker extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  /** Takes in a batch of a relay: reports of isolates of its region. */
  report(batch: readonly IsolateReports[], policy: BreakerPolicy, ...later: readonly unknown[]): SharedViews;
  /** @param to undefined removes the override */
  setOverride(endpoint: string, to: Override | undefined, author: ChangeAuthor): BreakerStatus;
  /** All endpoints that were reported or overridden, sorted by name. */
  state(): BreakerStatus[];
  /** The audit log, the latest change first. */
  changes(): BreakerChange[];
}
/** Of the isolates of one relay. Plain data, bounded: see `fleet-counts.ts`. */
interface FleetReport {
  readonly relay: string;
  readonly validMs: number;
  readonly isolates: Readonly<Record<string, number>>;
  readonly canaries: Readonly<Record<string, number>>;
  readonly refused: readonly CountedRefusal[];
}
interface CountedRefusal extends RefusedVersion {
  readonly isolates: number;
}
/** Of all regions. */
interface FleetStatus {
  readonly regions: Readonly<Record<string, Pick<FleetReport, "isolates" | "canaries">>>;
  readonly refused: readonly CountedRefusal[];
  readonly relays: number;
}
/** What all changes name. */
interface ChangeBase {
  readonly expected: number;
  readonly author: string;
  readonly reason: string;
}
type HistoryOutcome = {
  readonly kind: "changed";
  readonly history: VersionHistory;
  readonly change: PointerChange;
} | {
  readonly kind: "unchanged";
  readonly version: number;
} | {
  readonly kind: "conflict";
  readonly sequence: number;
  readonly winner: PointerChange | undefined;
} | {
  readonly kind: "refused";
  readonly problem: string;
};
/** What a change has made, or why it was not made. */
type ControlOutcome = Exclude<HistoryOutcome, {
  readonly kind: "changed";
}> | {
  readonly kind: "changed";
  readonly change: PointerChange;
};
interface ControlStatus {
  readonly sequence: number;
  readonly live: Version | undefined;
  readonly previous: Version | undefined;
  readonly canary: (CanaryShare & {
    readonly version: Version;
  }) | undefined;
  readonly changes: readonly PointerChange[];
  readonly fleet: FleetStatus;
}
export declare class ControlPlane extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  /**
   * What a relay does not have yet.
   *
   * @param has    digests whose snapshots it has
   * @param report what its isolates run
   */
  since(has: readonly string[], report: FleetReport): ControlDelta;
  /**
   * Stores a version, and makes it live, or the canary where it has a share.
   *
   * @param snapshot one that the gateway has compiled
   */
  publish(base: ChangeBase, snapshot: StoredSnapshot, share?: CanaryShare): Promise<ControlOutcome>;
  /** Makes the canary live; with a share, gives it more or fewer callers. */
  promote(base: ChangeBase, share?: CanaryShare): ControlOutcome;
  /** Takes the canary back, else returns to the version before the live one. @param to number of a version; 0 for the bundled configuration */
  rollback(base: ChangeBase, to?: number): ControlOutcome;
  /** Takes the canary back. */
  abort(base: ChangeBase): ControlOutcome;
  status(): ControlStatus;
  /** The stored versions, ascending. */
  versions(): readonly Version[];
  /** @returns undefined for one that is not stored */
  version(number: number): {
    readonly version: Version;
    readonly snapshot: StoredSnapshot;
  } | undefined;
}
/** One row of the audit log. */
interface EndpointChange {
  readonly version: number;
  readonly at: number;
  readonly action: EndpointAction;
  readonly id: string;
}
type RegistryOutcome = {
  readonly kind: "ok";
  readonly endpoint: RegisteredEndpoint;
  readonly version: number;
} | {
  readonly kind: "refused";
  readonly problem: RegistryProblem;
  readonly message: string;
};
export declare class HashRing extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  /** @param expected see `register` in core/registry/registry.ts */
  register(registration: Registration, expected: number): Promise<RegistryOutcome>;
  renew(id: string): Promise<RegistryOutcome>;
  drain(id: string): Promise<RegistryOutcome>;
  deregister(id: string): Promise<RegistryOutcome>;
  /**
   * The endpoint list for an isolate.
   *
   * @param known      version of the list that the isolate has; -1 for none
   * @param policy     how to check health from now on, as the isolate's configuration says
   * @param configured endpoints of the isolate's configuration, which are checked as well
   */
  snapshot(known: number, policy?: HealthPolicy, configured?: readonly ConfiguredEndpoint[]): Promise<EndpointSnapshot>;
  /** The audit log, the latest change first. */
  changes(): EndpointChange[];
  alarm(): Promise<void>;
  /** Checks endpoints for the object of a service that has more of them than it can check by itself. @returns a result for each */
  checkHealth(targets: readonly ConfiguredEndpoint[], policy: HealthPolicy): Promise<boolean[]>;
}
/** Why a change was not made. */
type KeyProblem = "not_found" | "exists" | "revoked" | "moved" | "full";
type KeyOutcome = {
  readonly kind: "ok";
  readonly record: KeyRecord;
} | {
  readonly kind: "refused";
  readonly problem: KeyProblem;
};
/** The digest and the last characters of a key. */
interface KeySecret {
  readonly digest: string;
  readonly lastFour: string;
}
/** A key with the time of its last use, to some minutes. */
interface StoredKey {
  readonly record: KeyRecord;
  readonly lastUsedAt?: number;
}
interface KeyQuery {
  readonly after: string;
  readonly limit: number;
  readonly owner?: string;
}
export declare class KeyStore extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, maxKeys?: number);
  /** What isolates need of some keys; null for one that is not there. */
  read(ids: readonly string[]): Record<string, KeyGrant | null>;
  get(id: string): StoredKey | undefined;
  /** Keys of this shard in the order of their ids. */
  list(query: KeyQuery): StoredKey[];
  /** Adds new keys, each by itself. @returns the outcome of each */
  add(records: readonly KeyRecord[]): KeyOutcome[];
  /** @param expectedRevision revision that the change is based on; 0 for any */
  update(id: string, expectedRevision: number, fields: KeyFields): KeyOutcome;
  /** @param overlapMs time for which the former secret counts, too */
  roll(id: string, expectedRevision: number, secret: KeySecret, overlapMs: number): KeyOutcome;
  revoke(id: string): KeyOutcome;
  /** Times of use, as isolates have reported them. */
  stamp(uses: KeyUseTimes): void;
  /** Appends changes to the sequence. Only the Durable Object `changes` has it. @returns the number of the last one */
  append(ids: readonly string[]): number;
  /** What a relay does not know of the sequence yet. @param known latest change that it knows; 0 for none */
  since(known: number): KeyDelta;
}
/** `full`: it cannot be decided, since the nonce cannot be stored. */
interface NonceReply {
  readonly decision: "first" | "repeated" | "full";
}
export declare class NonceLog extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, max?: number);
  /**
   * Stores a nonce where it is new. It is written before the call goes on, so a restart forgets none.
   *
   * @param nonce  with the key that it belongs to
   * @param endsAt epoch ms from which its signature counts no more
   */
  use(nonce: string, endsAt: number): Promise<NonceReply>;
  alarm(): Promise<void>;
}
interface PurgeLogBounds {
  readonly maxPurges: number;
  readonly keepMs: number;
}
export declare class PurgeLog extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: PurgeLogBounds);
  /**
   * Appends all purges or none.
   *
   * @param known the latest seq that the isolate knows
   * @returns what the isolate does not know yet: these purges, and purges of other isolates
   */
  append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): PurgeDelta;
  /** What an isolate does not know yet. @param known the latest seq that it knows; 0 for none */
  since(known: number): PurgeDelta;
}
export declare class Relay extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env);
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /** For calls that wait for a key, or for a recent view of revocations. */
  keys(question: KeysQuestion): Promise<KeysAnswer>;
}
interface LeaseRequest {
  readonly isolate: string;
  readonly sequence: number;
  readonly appliedSequence: number;
  readonly tokensHeld: number;
  readonly tokensNeeded: number;
  readonly leastNeeded?: number;
  readonly demandPerMs: number;
  readonly peakDemandPerMs: number;
  readonly isDemandSteady: boolean;
  readonly requiresRate?: boolean;
  readonly shareHeld?: {
    readonly ratePerMs: number;
    readonly capacity: number;
  };
  readonly tokensOwed?: number;
  readonly settledSequence?: number;
  readonly lessees?: number;
  readonly aheadMs?: number;
  readonly spent?: SpentTokens;
  readonly capacityLent?: number;
}
/** What an isolate has spent of all its grants. It counts from the start when it has forgotten the key. */
interface SpentTokens {
  readonly since: number;
  readonly tokens: number;
}
interface LeaseGrant {
  readonly sequence: number;
  readonly tokens: number;
  readonly ratePerMs: number;
  readonly capacity: number;
  readonly lifetimeMs: number;
  readonly renewAfterMs: number;
  readonly pauseMs: number;
  readonly retryAfterMs: number;
  readonly poolTokens: number;
  readonly tokensForgiven?: number;
  readonly lessees?: number;
  readonly lenders?: number;
  readonly isRedirection?: true;
  readonly tokensKept?: number;
  readonly isAhead?: true;
  readonly recoversAfterMs?: number;
  readonly isUnreachable?: true;
}
/** The limit of one caller: `tokens = min(capacity, tokens + elapsed * rate / interval)`. */
interface BucketLimit {
  readonly capacity: number;
  readonly rate: number;
  readonly intervalMs: number;
  /** Deletes a bucket two intervals after its last call even if it is not full, like the script that this gateway replaces. */
  readonly compat?: boolean;
}
type BucketDecision = {
  readonly kind: "allowed";
  readonly remaining: number;
  readonly nextMs: number;
} | {
  readonly kind: "refused";
  readonly remaining: number;
  readonly nextMs: number;
  readonly retryAfterMs: number;
};
/** What one call takes from one bucket. */
interface BucketCharge {
  readonly key: string;
  readonly limit: BucketLimit;
  readonly cost: number;
}
/** A request of one isolate to spend from one bucket for a while by itself. */
interface BucketLeaseRequest {
  readonly key: string;
  readonly limit: BucketLimit;
  readonly request: LeaseRequest;
  readonly lenders?: number;
}
/** Above a bound, new callers of a limit share one bucket, and write nothing of their own. */
interface TokenBucketsBounds {
  readonly maxBuckets: number;
  readonly maxLeasedBuckets: number;
  readonly maxRows: number;
  readonly maxRegionalBuckets?: number;
}
export declare class TokenBuckets extends DurableObject {
  #private;
  constructor(ctx: DurableObjectState, env: Cloudflare.Env, bounds?: TokenBucketsBounds);
  /** Takes every charge or none: a call that one rule refuses costs nothing under the other rules. */
  take(charges: readonly BucketCharge[]): BucketDecision[];
  /** `take` for several calls, one after the other. */
  takeEach(calls: readonly (readonly BucketCharge[])[]): BucketDecision[][];
  /** Returns tokens that `take` took for a call that another Durable Object refused. */
  returnTokens(charges: readonly BucketCharge[]): undefined[];
  /** Takes what calls turned out to cost in addition to what they paid. */
  overdraw(charges: readonly BucketCharge[]): undefined[];
  /**
   * Lends parts of buckets to an isolate.
   *
   * @returns a grant for each request; undefined for a request that is older than one already decided
   */
  grantLeases(requests: readonly BucketLeaseRequest[]): (LeaseGrant | undefined)[];
  /**
   * Lends parts of buckets that this shard leases from a root shard itself: world-wide ones, of which each region has a part.
   *
   * @param root name of the shard that has the buckets
   * @returns as `grantLeases` does
   */
  lendOn(root: string, requests: readonly BucketLeaseRequest[]): Promise<readonly (LeaseGrant | undefined)[]>;
  alarm(): void;
}
/** Only the gateway calls the objects, through its bindings: this Worker has no public address. */
declare const _default: {
  fetch: () => Response;
};
export { _default as default };