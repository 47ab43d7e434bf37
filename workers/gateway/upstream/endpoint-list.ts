// The endpoints of one service that are registered, or whose health is checked: a list that the background exchange keeps up to date.
// While it cannot be read, the last list stays in use.
import type { HealthPolicy } from "../../../core/config/health.ts";
import { endpointId } from "../../../core/config/target.ts";
import type { UpstreamPolicy } from "../../../core/config/upstream.ts";
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import type { ConfiguredEndpoint, RegisteredEndpoint } from "../../../core/registry/registry.ts";
import type { Preparation } from "../../call/target.ts";
import type { Exchange, ExchangeDraft, ExchangeSection } from "../background/exchange.ts";

export interface EndpointListSettings {
  readonly service: string; // name of the Durable Object that holds the list: `durable-objects/hash-ring.ts`
  readonly exchange: Exchange;
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[]; // endpoints whose health is checked, beside the registered ones
  readonly isRegistry: boolean; // endpoints may register: calls wait for the first list
}

const FIRST_LIST_MS = 2_000; // longest time that a call waits for a list

/**
 * The settings of the list of an upstream: for endpoints that register, for the health of configured ones, or for both.
 *
 * @param hasRegistry whether the gateway has a registry at all
 * @returns undefined where there is nothing to list
 */
export function endpointListSettings(pool: {
  readonly name: string;
  readonly service: string;
  readonly policy: UpstreamPolicy;
  readonly hasRegistry: boolean;
  readonly exchange: Exchange;
}): EndpointListSettings | undefined {
  const { name, service, policy, hasRegistry, exchange } = pool;
  const { health } = policy;
  const isRegistry = policy.registry && hasRegistry;
  const configured = health === undefined ? [] : policy.endpoints.map(({ target }) => ({ id: endpointId(target), ...target }));
  if (!isRegistry && configured.length === 0) return undefined;
  return { service: isRegistry ? service : name, exchange, health, configured, isRegistry };
}

/** @param unhealthy ids of configured endpoints whose health checks fail */
export type OnEndpoints = (endpoints: readonly RegisteredEndpoint[], unhealthy: readonly string[], now: number) => void;

interface ReceivedList {
  readonly registered: readonly RegisteredEndpoint[];
  readonly unhealthy: readonly string[];
}

export class EndpointList implements ExchangeSection {
  readonly #settings: EndpointListSettings;
  readonly #readers = new Set<OnEndpoints>();
  #version = -1; // version of the list that these settings have brought
  #list: ReceivedList | undefined; // undefined before the first one

  /** @param previous the list under other settings: it holds until the first one of these settings */
  constructor(settings: EndpointListSettings, previous?: EndpointList) {
    this.#settings = settings;
    if (previous !== undefined && previous.#settings.service === settings.service) this.#list = previous.#list;
    settings.exchange.add(this);
  }

  /** No version of the configuration uses it any more. */
  end(): void {
    this.#settings.exchange.remove(this);
  }

  /** Gets each new list, and the latest one at once. @returns ends that */
  subscribe(onChange: OnEndpoints, now: number): () => void {
    this.#readers.add(onChange);
    if (this.#list !== undefined) onChange(this.#list.registered, this.#list.unhealthy, now);
    return () => void this.#readers.delete(onChange);
  }

  /** Whether a list has arrived. */
  get isKnown(): boolean {
    return this.#list !== undefined;
  }

  get isNeeded(): boolean {
    return !this.isKnown && this.#settings.isRegistry;
  }

  /**
   * Runs with each call.
   *
   * @param isOnlySource whether the upstream has no other endpoints: then calls also wait while the list is empty
   * @returns the exchange that the call waits for; undefined where there is a list to use
   */
  prepare(now: number, isOnlySource: boolean): Preparation | undefined {
    if (!this.isNeeded && !(isOnlySource && (this.#list?.registered.length ?? 0) === 0)) return undefined;
    const done = this.#settings.exchange.join(now, FIRST_LIST_MS);
    return done && { done, waitMs: FIRST_LIST_MS, cause: "registry" };
  }

  write(draft: ExchangeDraft): void {
    const { service, health, configured } = this.#settings;
    const other = draft.lists?.[service]; // a version of the service may use the same list
    const query = {
      known: Math.min(this.#version, other?.known ?? this.#version),
      health: other?.health ?? health,
      configured: [...(other?.configured ?? []), ...configured],
    };
    draft.lists = { ...draft.lists, [service]: query };
  }

  read({ lists }: ExchangeReply, _sentAt: number, now: number): void {
    const snapshot = lists?.[this.#settings.service];
    if (snapshot === undefined || snapshot.kind === "unchanged") return;
    this.#version = snapshot.version;
    const list = { registered: snapshot.endpoints, unhealthy: snapshot.unhealthy ?? [] };
    this.#list = list;
    for (const onChange of this.#readers) onChange(list.registered, list.unhealthy, now);
  }
}
