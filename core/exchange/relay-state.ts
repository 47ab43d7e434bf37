// What a relay knows: the load of its isolates, and the latest of what the root objects have said. Nothing of it is stored: a relay that
// restarts requests it again.

import type { JwkSet } from "../auth/jwt/public-key.ts";
import type { SharedViews } from "../breaker/report.ts";
import type { PurgeDelta } from "../cache/purge/purges.ts";
import type { KeyDelta } from "../keys/key-log.ts";
import type { EndpointSnapshot } from "../registry/registry.ts";
import type { ControlDelta } from "./control-messages.ts";
import { FetchBudget } from "./fetch-budget.ts";
import type { IssuerQuery } from "./issuer-messages.ts";
import { EXCHANGE_VERSION, type ExchangeReply, type ExchangeRequest } from "./messages.ts";
import { RelayLoad } from "./relay-load.ts";
import { type BreakerRequest, RelayedBreakers } from "./relayed-breakers.ts";
import { type ControlRequest, RelayedControl } from "./relayed-control.ts";
import { type IssuerRequest, issuerName, RelayedIssuer } from "./relayed-issuer.ts";
import { type KeyChangesRequest, RelayedKeys } from "./relayed-keys.ts";
import { type ListRequest, RelayedList } from "./relayed-list.ts";
import { type PurgesRequest, RelayedPurges } from "./relayed-purges.ts";
import { RootRequests } from "./root-requests.ts";

/** A request to a root object that is due. */
export type RootRequest = BreakerRequest | ListRequest | PurgesRequest | KeyChangesRequest | IssuerRequest | ControlRequest;

/** What an exchange starts, and what it waits for. */
export interface ReceivedExchange {
  readonly shards: number;
  readonly due: readonly RootRequest[];
  readonly missing: readonly string[]; // names of root objects whose state is not known, and is being requested by another exchange
}

const JITTER = 0.2; // share by which an interval between two requests to a root object may be shorter: relays that started together drift apart
const MAX_ROOTS = 1_000; // upstreams, and services; those that were not named for the longest time are forgotten

/** Directories of agents that are fetched in a minute: whoever names agents can name many. */
const MAX_DIRECTORIES = 10;

/** Times are epoch ms of the relay's clock. */
export class RelayState {
  readonly #load: RelayLoad;
  readonly #rng: () => number;
  #intervalShare: number; // share of the isolates' interval after which root objects are called again
  readonly #breakers = new Map<string, RelayedBreakers>(); // keyed by upstream
  readonly #lists = new Map<string, RelayedList>(); // keyed by service
  readonly #purges = new RelayedPurges();
  readonly keys = new RelayedKeys();
  readonly #control: RelayedControl;
  readonly #directories = new FetchBudget(MAX_DIRECTORIES);
  readonly #issuers = new Map<string, RelayedIssuer>(); // keyed by `issuerName`
  readonly #agents = new Map<string, RelayedIssuer>(); // the same for directories: callers can name many, which push out none of the issuers

  /** @param rng returns numbers in [0, 1) @param name of this relay, with its region */
  constructor(startedAt: number, rng: () => number, name = "local/relay-0") {
    this.#control = new RelayedControl(name);
    this.#load = new RelayLoad(startedAt);
    this.#rng = rng;
    this.#intervalShare = 1 - JITTER * rng();
  }

  receive(request: ExchangeRequest, now: number): ReceivedExchange {
    const { breakers = {}, lists = {}, purges, keys, issuers = {}, control } = request;
    const intervalMs = request.intervalMs * this.#intervalShare;
    const shards = this.#load.receive(request, now);
    const due: (RootRequest | undefined)[] = [];
    const missing: string[] = [];
    const note = (name: string, requests: RootRequests): void => {
      if (!requests.isKnown && requests.isRunning(now)) missing.push(name);
    };
    for (const [upstream, reports] of Object.entries(breakers))
      due.push(this.#breakersOf(upstream).receive({ ...request, intervalMs }, reports, now));
    for (const [service, query] of Object.entries(lists)) {
      const list = this.#listOf(service);
      note(`list ${service}`, list.requests);
      due.push(list.receive(query, intervalMs, now));
    }
    if (purges !== undefined) {
      note("purges", this.#purges.requests);
      due.push(this.#purges.receive(intervalMs, now));
    }
    if (keys !== undefined) {
      note("key_changes", this.keys.requests);
      due.push(this.keys.receive(keys, intervalMs, now));
    }
    if (control !== undefined) {
      note("control", this.#control.requests);
      due.push(this.#control.receive(request.isolate, control, intervalMs, now));
    }
    for (const [issuer, query] of Object.entries(issuers)) {
      const relayed = this.#issuerOf(issuer, query);
      note(`issuer ${issuerName(issuer, query.source)}`, relayed.requests);
      due.push(relayed.receive(query, now, this.#directories));
    }
    const roots = due.filter((root) => root !== undefined);
    if (roots.length > 0) this.#intervalShare = 1 - JITTER * this.#rng();
    return { shards, due: roots, missing };
  }

  appliedBreakers(request: BreakerRequest, views: SharedViews): void {
    this.#breakersOf(request.upstream).apply(request, views);
  }

  appliedList(request: ListRequest, snapshot: EndpointSnapshot): void {
    this.#listOf(request.service).apply(request, snapshot);
  }

  appliedPurges(request: PurgesRequest, delta: PurgeDelta): void {
    this.#purges.apply(request, delta);
  }

  appliedKeyChanges(request: KeyChangesRequest, delta: KeyDelta): void {
    this.keys.apply(request, delta);
  }

  appliedControl(request: ControlRequest, delta: ControlDelta): void {
    this.#control.apply(request, delta);
  }

  appliedIssuer(request: IssuerRequest, jwks: JwkSet): void {
    (this.#issuers.get(request.name) ?? this.#agents.get(request.name))?.apply(request, jwks);
  }

  failed(request: RootRequest): void {
    this.#requestsOf(request).fail(request.sequence);
  }

  /** @param receivedAt when the exchange arrived @param shards as `receive` has returned it */
  reply(request: ExchangeRequest, receivedAt: number, shards: number, now: number): ExchangeReply {
    const { isolate, intervalMs, breakers = {}, lists = {}, purges, keys, issuers = {}, control } = request;
    let isSettled = true;
    const views = Object.entries(breakers).map(([upstream, { reports }]) => {
      const relayed = this.#breakersOf(upstream);
      isSettled &&= relayed.isSettled(reports, intervalMs, now);
      return [upstream, relayed.viewsFor(isolate, receivedAt, now)] as const;
    });
    const snapshots = Object.entries(lists).flatMap(([service, query]) => {
      const snapshot = this.#listOf(service).snapshotFor(query, receivedAt, now);
      return snapshot === undefined ? [] : [[service, snapshot] as const];
    });
    const log = purges && this.#purges.replyFor(purges, now);
    const keysView = keys && this.keys.viewFor(keys.known, now);
    const controlView = control && this.#control.viewFor(control, now);
    const published = Object.entries(issuers).flatMap(([issuer, query]) => {
      const reply = this.#issuerOf(issuer, query).replyFor(query, now);
      return reply === undefined ? [] : [[issuer, reply] as const];
    });
    return {
      version: EXCHANGE_VERSION,
      shards,
      nextMs: this.#load.nextMs(intervalMs, isSettled),
      earlyMs: this.#load.earlyMs,
      ...(views.length === 0 ? {} : { breakers: Object.fromEntries(views) }),
      ...(snapshots.length === 0 ? {} : { lists: Object.fromEntries(snapshots) }),
      ...(log === undefined ? {} : { purges: log }),
      ...(keysView === undefined ? {} : { keys: keysView }),
      ...(controlView === undefined ? {} : { control: controlView }),
      ...(published.length === 0 ? {} : { issuers: Object.fromEntries(published) }),
    };
  }

  #requestsOf(request: RootRequest): RootRequests {
    switch (request.kind) {
      case "breakers":
        return this.#breakersOf(request.upstream).requests;
      case "list":
        return this.#listOf(request.service).requests;
      case "purges":
        return this.#purges.requests;
      case "key_changes":
        return this.keys.requests;
      case "control":
        return this.#control.requests;
      case "issuer":
        return (this.#issuers.get(request.name) ?? this.#agents.get(request.name))?.requests ?? new RootRequests();
    }
  }

  #breakersOf(upstream: string): RelayedBreakers {
    return remembered(this.#breakers, upstream, () => new RelayedBreakers(upstream));
  }

  #issuerOf(issuer: string, { source }: IssuerQuery): RelayedIssuer {
    const name = issuerName(issuer, source);
    const known = source.kind === "directory" ? this.#agents : this.#issuers;
    return remembered(known, name, () => new RelayedIssuer(issuer, name));
  }

  #listOf(service: string): RelayedList {
    return remembered(this.#lists, service, () => new RelayedList(service));
  }
}

function remembered<T>(known: Map<string, T>, name: string, make: () => T): T {
  const value = known.get(name) ?? make();
  known.delete(name);
  known.set(name, value);
  if (known.size > MAX_ROOTS) known.delete(known.keys().next().value!);
  return value;
}

/** The name of a root object, as `ReceivedExchange.missing` has it. */
export function rootName(request: RootRequest): string {
  switch (request.kind) {
    case "breakers":
      return `breakers ${request.upstream}`;
    case "list":
      return `list ${request.service}`;
    case "purges":
    case "key_changes":
    case "control":
      return request.kind;
    case "issuer":
      return `issuer ${request.name}`;
  }
}
