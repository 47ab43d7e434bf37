// The exchange: the one message that an isolate sends to a relay of its region in each interval, and the response.
//
// Each section is optional: an isolate sends those that its configuration needs, and a relay leaves out what it does not know. A new
// section (of configuration, keys, metrics) is one more optional field with a version of its own; fields that are not known are ignored.
import type { BreakerReport, BreakerView } from "../breaker/report.ts";
import type { PurgeDelta } from "../cache/purge/purges.ts";
import type { BreakerPolicy } from "../config/breaker.ts";
import type { HealthPolicy } from "../config/health.ts";
import { MESSAGE_VERSION } from "../protocol/message-version.ts";
import type { ConfiguredEndpoint, EndpointSnapshot } from "../registry/registry.ts";
import type { TapSection, TapView } from "../tap/tap-messages.ts";
import type { ControlSection, ControlView } from "./control-messages.ts";
import type { IssuerQuery, IssuerReply } from "./issuer-messages.ts";
import type { KeysSection, KeysView } from "./key-messages.ts";
import type { MetricsSection, MetricsView } from "./metrics/metrics-messages.ts";

export const EXCHANGE_VERSION = MESSAGE_VERSION;
export const EXCHANGE_MS = 5_000; // interval, where no setting makes it shorter or longer

/** What an isolate sends. Plain data: sent over RPC, as are all of these. */
export interface ExchangeRequest {
  readonly version: number; // message format
  readonly isolate: string; // random id
  readonly location: string; // data center of the isolate; where it is unknown, the id of the isolate
  readonly shards: number; // number of relays among which the isolate has chosen this one
  readonly isFirst: boolean; // the isolate has received that number from no relay yet
  readonly intervalMs: number; // interval that the isolate's configuration wants
  readonly breakers?: Readonly<Record<string, UpstreamReports>>; // keyed by upstream
  readonly lists?: Readonly<Record<string, ListQuery>>; // keyed by service
  readonly purges?: PurgesQuery;
  readonly keys?: KeysSection;
  readonly issuers?: Readonly<Record<string, IssuerQuery>>; // keyed by issuer of JWTs
  readonly control?: ControlSection;
  readonly metrics?: MetricsSection;
  readonly tap?: TapSection;
}

/** What an isolate has seen of one upstream. */
export interface UpstreamReports {
  readonly reports: Readonly<Record<string, BreakerReport>>; // keyed by endpoint; at most 200, about 30 KB
  readonly policy: BreakerPolicy;
}

export interface ListQuery {
  readonly known: number; // version of the list that the isolate has; -1 for none
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[]; // configured endpoints, where their health is checked
}

export interface PurgesQuery {
  readonly known: number; // latest seq that the isolate knows; 0 for none
}

/** What a relay responds: the latest that it knows from the root objects. */
export interface ExchangeReply {
  readonly version: number;
  readonly shards: number; // number of relays in this region from now on
  readonly nextMs: number; // time until the next exchange of the isolate
  readonly earlyMs: number; // an exchange before that is sent at a random moment within this time
  readonly breakers?: Readonly<Record<string, Readonly<Record<string, BreakerView>>>>; // keyed by upstream and endpoint
  readonly lists?: Readonly<Record<string, EndpointSnapshot>>; // keyed by service; a list that the relay could not read is missing
  readonly purges?: PurgesReply;
  readonly keys?: KeysView;
  readonly issuers?: Readonly<Record<string, IssuerReply>>; // keyed by issuer; one whose keys the relay could not fetch is missing
  readonly control?: ControlView;
  readonly metrics?: MetricsView; // missing where the relay takes no metrics: it is of an earlier version, or has no binding TELEMETRY
  readonly tap?: TapView; // missing where the relay is of an earlier version, or has no binding TELEMETRY
}

export interface PurgesReply {
  readonly delta: PurgeDelta;
  readonly ageMs: number; // time since the relay requested this state of the log
}
