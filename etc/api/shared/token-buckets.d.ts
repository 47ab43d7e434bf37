import { i as SharedViews, n as BreakerView, r as IsolateReports, t as BreakerReport } from "./report.js";
import { i as BreakerPolicy, n as JwkSet, r as HealthPolicy, t as JwksSource } from "./issuers.js";
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
declare class AuditLog extends DurableObject {
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
declare class CircuitBreaker extends DurableObject {
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
/** A snapshot as it is stored and sent. Plain data. */
interface StoredSnapshot {
  readonly digest: string;
  readonly text: string;
  readonly descriptors: Readonly<Record<string, Uint8Array>>;
}
/**
 * Location hints that have a home of their own. Cloudflare serves `sam`, `afr` and `me` from a neighbor, which they share here; `apac` is
 * the union of `apac-ne` and `apac-se`.
 *
 * @see developers.cloudflare.com/durable-objects/reference/data-location, "Supported locations", as of 2026-06-26
 */
declare const LOCATION_HINTS: readonly ["wnam", "enam", "weur", "eeur", "apac-ne", "apac-se", "oc"];
type LocationHint = (typeof LOCATION_HINTS)[number];
/** `local` where the place of an isolate is not known: on a developer's machine, and before its first request from the edge. */
type Region = LocationHint | "local";
/** One published snapshot. Several versions may have one digest. */
interface Version {
  readonly version: number;
  readonly digest: string;
  readonly bytes: number;
  readonly author: string;
  readonly at: number;
  readonly reason: string;
}
/** Which callers a canary serves. */
interface CanaryShare {
  readonly percent: number;
  readonly region?: Region;
}
declare const CHANGE_KINDS: readonly ["publish", "canary", "promote", "rollback", "abort"];
type ChangeKind = (typeof CHANGE_KINDS)[number];
/** What an operator has done. */
interface PointerChange {
  readonly sequence: number;
  readonly kind: ChangeKind;
  readonly version: number;
  readonly share?: CanaryShare;
  readonly author: string;
  readonly at: number;
  readonly reason: string;
}
/** All that is known of the versions of one gateway. */
interface VersionHistory {
  readonly sequence: number;
  readonly versions: readonly Version[];
  readonly lastVersion: number;
  readonly lives: readonly number[];
  readonly isCut: boolean;
  readonly canary: (CanaryShare & {
    readonly version: number;
  }) | undefined;
  readonly changes: readonly PointerChange[];
}
/** What an isolate sends. */
interface ControlSection {
  readonly known: number;
  readonly has: readonly string[];
  readonly runs: string;
  readonly canary?: string;
  readonly refused?: readonly RefusedVersion[];
  readonly hasFallenBack?: boolean;
}
/** A version that an isolate cannot accept: it is not valid there, or its bundle lacks a method or a layer. */
interface RefusedVersion {
  readonly digest: string;
  readonly reason: string;
}
/** What a relay responds: the pointers, and the snapshots that the isolate lacks. */
interface ControlView {
  /** Grows with each publish, canary, promotion, rollback and abort. An isolate ignores a view with a lower one than it has. */
  readonly sequence: number;
  readonly live: VersionRef | undefined;
  readonly canary: CanaryRef | undefined;
  readonly snapshots: readonly StoredSnapshot[];
  readonly ageMs: number;
}
interface VersionRef {
  readonly version: number;
  readonly digest: string;
}
/** A version that serves some callers only. */
interface CanaryRef extends VersionRef, CanaryShare {}
/** What the root object responds to a relay. */
interface ControlDelta {
  readonly sequence: number;
  readonly live: VersionRef | undefined;
  readonly canary: CanaryRef | undefined;
  readonly snapshots: readonly StoredSnapshot[];
}
/** Of the isolates of one relay. Plain data, bounded: see `fleet-counts.ts`. */
interface FleetReport {
  readonly relay: string;
  readonly validMs: number;
  readonly isolates: Readonly<Record<string, number>>;
  readonly canaries: Readonly<Record<string, number>>;
  readonly refused: readonly CountedRefusal[];
  readonly fallenBack?: number;
}
interface CountedRefusal extends RefusedVersion {
  readonly isolates: number;
}
/** Of all regions. */
interface FleetStatus {
  readonly regions: Readonly<Record<string, Pick<FleetReport, "isolates" | "canaries">>>;
  readonly refused: readonly CountedRefusal[];
  readonly fallenBack: number;
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
declare class ControlPlane extends DurableObject {
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
/** An endpoint as it registers. */
interface Registration {
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  readonly priority: number;
  readonly zone: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly leaseMs: number;
}
/** Plain data: fit for storage and for RPC. */
interface RegisteredEndpoint extends Registration {
  readonly isDraining: boolean;
  readonly isHealthy: boolean;
  readonly revision: number;
  readonly expiresAt: number;
}
/** What has happened to an endpoint. Each action makes a new version of the list and a row of the audit log. */
type EndpointAction = "registered" | "changed" | "draining" | "deregistered" | "expired" | "healthy" | "unhealthy";
/** The endpoint list as an isolate gets it. */
type EndpointSnapshot = {
  readonly kind: "unchanged";
  readonly version: number;
} | {
  readonly kind: "changed";
  readonly version: number;
  readonly endpoints: readonly RegisteredEndpoint[];
  readonly unhealthy?: readonly string[];
};
/** An endpoint of the configuration, for health checks. At least one of `url` and `binding` is set; with both, the URL is called through the binding. */
interface ConfiguredEndpoint {
  readonly id: string;
  readonly url?: string;
  readonly binding?: string;
}
type RegistryProblem = "not_found" | "exists" | "moved" | "full";
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
declare class HashRing extends DurableObject {
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
/** A digest that counts beside the current one, until the overlap after a roll is over. */
interface PreviousDigest {
  readonly digest: string;
  readonly lastFour: string;
  readonly until: number;
}
/** What an operator chooses. */
interface KeyFields {
  readonly owner: string;
  readonly name: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly tags: readonly string[];
  readonly addresses: readonly string[];
  readonly expiresAt?: number;
}
/** What an isolate needs of a key. Plain data: can be sent over RPC, and stored as JSON. */
interface KeyGrant {
  readonly id: string;
  readonly revision: number;
  readonly digest: string;
  readonly previous?: PreviousDigest;
  readonly owner: string;
  readonly plan: string;
  readonly scopes: readonly string[];
  readonly addresses: readonly string[];
  readonly expiresAt?: number;
  readonly revokedAt?: number;
}
interface KeyRecord extends KeyGrant, KeyFields {
  readonly lastFour: string;
  readonly isImported: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
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
/** A key was changed. */
interface KeyChange {
  readonly id: string;
  readonly seq: number;
}
/** What a log holds that a copy does not know yet. Plain data: can be sent over RPC. */
type KeyDelta = {
  readonly kind: "same";
  readonly seq: number;
} | {
  readonly kind: "changed";
  readonly seq: number;
  readonly changes: readonly KeyChange[];
} |
/** Changes between the copy and `floor` are not listed: any key may have changed. */
{
  readonly kind: "reset";
  readonly seq: number;
  readonly floor: number;
  readonly changes: readonly KeyChange[];
};
/** Times of use, epoch ms by id. Plain data. */
type KeyUseTimes = Readonly<Record<string, number>>;
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
declare class KeyStore extends DurableObject {
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
declare class NonceLog extends DurableObject {
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
declare const PURGE_KINDS: readonly ["key", "tag", "route", "all"];
type PurgeKind = (typeof PURGE_KINDS)[number];
/** `soft`: covered responses are revalidated, and still serve where the upstream fails. `hard`: they never serve again. */
type PurgeMode = "soft" | "hard";
interface PurgeTarget {
  readonly kind: PurgeKind;
  readonly value: string;
}
interface Purge extends PurgeTarget {
  readonly mode: PurgeMode;
  readonly seq: number;
}
/** The difference between what the log holds and what an isolate knows. Plain data: can be sent over RPC. */
type PurgeDelta = {
  readonly kind: "same";
  readonly seq: number;
} | NewPurges;
interface NewPurges {
  readonly kind: "purged";
  readonly seq: number;
  readonly softFloor: number;
  readonly hardFloor: number;
  readonly epoch: number;
  readonly purges: readonly Purge[];
}
/** Section of an exchange. */
interface KeysSection {
  readonly known: number;
  readonly maxAgeMs: number;
  readonly used?: KeyUseTimes;
}
/** The changes of keys, as a relay knows them. */
interface KeysView {
  readonly delta: KeyDelta;
  readonly ageMs: number;
}
/** A question of an isolate, which some call waits for. */
interface KeysQuestion {
  readonly version: number;
  readonly known: number;
  readonly maxAgeMs: number;
  readonly wanted: readonly WantedKey[];
}
interface WantedKey {
  readonly id: string;
  readonly revision: number;
}
/** A part that the relay does not know is missing: it could not reach the Durable Object. */
interface KeysAnswer {
  readonly version: number;
  readonly view?: KeysView;
  /** By id. All are as of `view.delta.seq`. */
  readonly keys: Readonly<Record<string, KeyReading>>;
}
type KeyReading = {
  readonly kind: "found";
  readonly grant: KeyGrant;
} |
/** `ageMs`: time since the relay has read that there is no such key. */
{
  readonly kind: "absent";
  readonly ageMs: number;
};
/** Which calls a viewer sees. All conditions hold; an empty one holds for each call. */
interface TapConditions {
  readonly route: string;
  readonly reason: string;
  readonly code: string;
  readonly minDurationMs: number;
  readonly principal: string;
  readonly sample: number;
}
/** One viewer's filter. */
interface TapFilter {
  readonly id: string;
  readonly conditions: TapConditions;
  readonly expiresAt: number;
}
/** One call at its end: nothing of bodies, credentials, addresses and queries. */
interface TapEventRecord {
  readonly filters: readonly string[];
  readonly time: number;
  readonly requestId: string;
  readonly route: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  readonly code: string;
  readonly reason: string;
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly attempts: number;
  readonly upstream: string;
  readonly endpoint: string;
  readonly cache: string;
  readonly region: string;
}
/** What an isolate sends, and a relay passes on: the oldest events since the message before. */
interface TapEvents {
  readonly events: readonly TapEventRecord[];
  readonly skipped: Readonly<Record<string, number>>;
}
/** What an isolate sends with its exchange: nothing but that it takes part, where it has no events. */
type TapSection = Partial<TapEvents>;
/** What a relay responds. */
interface TapView {
  readonly filters: readonly TapFilter[];
}
/** The directory of an agent that signs its requests (Web Bot Auth). */
interface DirectorySource {
  readonly kind: "directory";
  readonly url: string;
}
/** What an isolate needs of one issuer. Plain data. */
interface IssuerQuery {
  readonly source: Exclude<JwksSource, {
    readonly kind: "written";
  }> | DirectorySource;
  readonly refreshMs: number;
  readonly refetchMs: number;
  readonly known: string;
  readonly missing?: string;
}
/** What a relay knows of one issuer. `ageMs`: time since the relay has requested these keys of the issuer. */
type IssuerReply = {
  readonly kind: "unchanged";
  readonly version: string;
  readonly ageMs: number;
} | {
  readonly kind: "changed";
  readonly version: string;
  readonly ageMs: number;
  readonly jwks: JwkSet;
};
interface HotKeyCount {
  readonly rule: string;
  readonly hash: string;
  readonly allowed: number;
  readonly refused: number;
}
/** What a quantile is read from. */
interface BucketCounts {
  readonly zeros: number;
  readonly offset: number;
  readonly counts: readonly number[];
}
/** The values of a histogram, or what was added to them. */
interface HistogramDelta extends BucketCounts {
  readonly sum: number;
}
/** What was added to one series of a counter or a histogram since the report before. */
interface SeriesDelta {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly value?: number;
  readonly histogram?: HistogramDelta;
}
/** The present value of one series of a gauge. One that an isolate no longer reports is 0. */
interface GaugeValue {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly value: number;
  readonly merge?: "max";
}
/** One report. A relay that gets it a second time ignores it, and counts those that are missing in the sequence. */
interface MetricsReport {
  readonly boot: string;
  readonly sequence: number;
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[];
  readonly hotKeys: readonly HotKeyCount[];
}
/** What an isolate sends. */
interface MetricsSection {
  readonly reports: readonly SentReport[];
  /** Somebody waits for the metrics: the relay sends on what it has, and responds after that. */
  readonly isAwaited?: boolean;
  readonly push?: PushTarget;
  /** Reports of a service host, which has no settings of the gateway: `push` says nothing. */
  readonly fromService?: boolean;
}
/** Where `Telemetry` sends all metrics: the settings of the gateway. Objects have none of their own. */
interface PushTarget {
  readonly url: string;
  readonly header: string;
  readonly secretBinding: string | undefined;
  readonly intervalMs: number;
}
interface SentReport {
  readonly report: MetricsReport;
  readonly ageMs: number;
}
/** What a relay responds. */
interface MetricsView {
  readonly acknowledged: number;
}
/** What a relay sends to the Durable Object `Telemetry`: sums over the reports of its isolates since the batch before. */
interface MetricsBatch {
  readonly version: number;
  readonly relay: string;
  readonly boot: string;
  readonly sequence: number;
  readonly oldest: number;
  readonly series: readonly SeriesDelta[];
  readonly gauges: readonly GaugeValue[];
  readonly isolates: readonly ReportCount[];
  readonly active: number;
  readonly hotKeys: readonly HotKeyCount[];
  readonly push?: PushTarget;
  readonly fromServices?: boolean;
}
/** How many reports of an isolate a batch has. What is missing up to `last`, over all batches, is lost. */
interface ReportCount {
  readonly boot: string;
  readonly last: number;
  readonly received: number;
}
/** What `Telemetry` responds to a batch. */
interface BatchReply {
  readonly applied: number;
  readonly stored: number;
  readonly taps?: readonly TapFilter[];
}
/** What an isolate sends. Plain data: sent over RPC, as are all of these. */
interface ExchangeRequest {
  readonly version: number;
  readonly isolate: string;
  readonly location: string;
  readonly shards: number;
  readonly isFirst: boolean;
  readonly intervalMs: number;
  readonly breakers?: Readonly<Record<string, UpstreamReports>>;
  readonly lists?: Readonly<Record<string, ListQuery>>;
  readonly purges?: PurgesQuery;
  readonly keys?: KeysSection;
  readonly issuers?: Readonly<Record<string, IssuerQuery>>;
  readonly control?: ControlSection;
  readonly metrics?: MetricsSection;
  readonly tap?: TapSection;
}
/** What an isolate has seen of one upstream. */
interface UpstreamReports {
  readonly reports: Readonly<Record<string, BreakerReport>>;
  readonly policy: BreakerPolicy;
}
interface ListQuery {
  readonly known: number;
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[];
}
interface PurgesQuery {
  readonly known: number;
}
/** What a relay responds: the latest that it knows from the root objects. */
interface ExchangeReply {
  readonly version: number;
  readonly shards: number;
  readonly nextMs: number;
  readonly earlyMs: number;
  readonly breakers?: Readonly<Record<string, Readonly<Record<string, BreakerView>>>>;
  readonly lists?: Readonly<Record<string, EndpointSnapshot>>;
  readonly purges?: PurgesReply;
  readonly keys?: KeysView;
  readonly issuers?: Readonly<Record<string, IssuerReply>>;
  readonly control?: ControlView;
  readonly metrics?: MetricsView;
  readonly tap?: TapView;
}
interface PurgesReply {
  readonly delta: PurgeDelta;
  readonly ageMs: number;
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
declare class TokenBuckets extends DurableObject {
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
export { KeyStore as _, MetricsBatch as a, CircuitBreaker as b, TapConditions as c, KeysAnswer as d, KeysQuestion as f, NonceLog as g, PurgeTarget as h, BatchReply as i, TapEvents as l, PurgeMode as m, ExchangeReply as n, GaugeValue as o, PurgeDelta as p, ExchangeRequest as r, SeriesDelta as s, TokenBuckets as t, TapFilter as u, HashRing as v, AuditLog as x, ControlPlane as y };