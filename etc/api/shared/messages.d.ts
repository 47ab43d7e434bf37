import { i as BreakerPolicy, n as JwkSet, r as HealthPolicy, t as JwksSource } from "./issuers.js";
/** What one isolate has seen of one endpoint. */
interface BreakerReport {
  readonly sequence: number;
  readonly calls: number;
  readonly failures: number;
  readonly hasRecovered?: boolean;
  readonly isOpen: boolean;
  readonly wantsProbe: boolean;
  readonly probe?: ProbeResult;
}
/** The outcome of a probe that the Durable Object has granted. */
interface ProbeResult {
  readonly version: number;
  readonly id: number;
  readonly succeeded: boolean;
}
/** The isolate that reports. */
interface Reporter {
  readonly isolate: string;
  readonly location: string;
}
/** The reports of one isolate about the endpoints of one upstream. */
interface IsolateReports extends Reporter {
  readonly reports: Readonly<Record<string, BreakerReport>>;
}
/** What a Durable Object of shared breakers responds to a batch of reports. */
interface SharedViews {
  readonly views: Readonly<Record<string, BreakerView>>;
  readonly probes: Readonly<Record<string, Readonly<Record<string, number>>>>;
}
/** The shared state of one endpoint, as an isolate applies it until the lease ends. */
interface BreakerView {
  readonly version: number;
  readonly kind: "closed" | "open" | "half_open" | "ramp";
  readonly admit: number;
  readonly retryAfterMs: number;
  readonly probeId: number | undefined;
  readonly leaseMs: number;
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
}
interface PurgesReply {
  readonly delta: PurgeDelta;
  readonly ageMs: number;
}
export { Version as C, IsolateReports as D, BreakerView as E, SharedViews as O, PointerChange as S, StoredSnapshot as T, Registration as _, PurgeDelta as a, RefusedVersion as b, KeyUseTimes as c, KeyGrant as d, KeyRecord as f, RegisteredEndpoint as g, EndpointSnapshot as h, KeysQuestion as i, KeyDelta as l, EndpointAction as m, ExchangeRequest as n, PurgeMode as o, ConfiguredEndpoint as p, KeysAnswer as r, PurgeTarget as s, ExchangeReply as t, KeyFields as u, RegistryProblem as v, VersionHistory as w, CanaryShare as x, ControlDelta as y };