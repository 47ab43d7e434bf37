// The registered endpoints of one service as this isolate knows them: asked for behind answers, kept where nobody can be asked.

import { endpointId, type HealthPolicy, type UpstreamPolicy } from "../../../core/config/upstream.ts";
import type { ConfiguredEndpoint, EndpointSnapshot, RegisteredEndpoint } from "../../../core/registry/registry.ts";
import { logEvent } from "../../log.ts";

/** The objects that keep the lists: `durable-objects/hash-ring.ts`, by service. */
export interface HashRings {
  getByName(service: string): {
    snapshot(known: number, check: HealthPolicy | undefined, configured?: readonly ConfiguredEndpoint[]): Promise<EndpointSnapshot>;
  };
}

/** What is under way: a list that is being asked for, or a place at a full upstream. */
export interface Preparation {
  readonly done: Promise<void>;
  readonly waitMs: number; // that a call waits for it; 0 where it does not have to
}

const FIRST_LIST_MS = 1_000; // that a call waits for the first list

export interface EndpointListSettings {
  readonly service: string;
  readonly rings: HashRings;
  readonly pollMs: number;
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[]; // endpoints whose health is checked, beside those that register
  readonly isRegistry: boolean; // endpoints may register: the first call waits for their list
}

const HEALTH_POLL_MS = 5_000; // how often calls ask for the health of configured endpoints, where no registry sets it

/**
 * What a pool has to ask for: endpoints that register, the health of those that are configured, or both.
 *
 * @param pollMs of the registry; undefined where there is none
 * @returns undefined where there is nothing to ask for
 */
export function endpointListSettings(pool: {
  readonly name: string;
  readonly service: string;
  readonly policy: UpstreamPolicy;
  readonly pollMs: number | undefined;
  readonly rings: HashRings;
}): EndpointListSettings | undefined {
  const { name, service, policy, pollMs, rings } = pool;
  const { health } = policy;
  const isRegistry = policy.registry && pollMs !== undefined;
  const configured = health === undefined ? [] : policy.endpoints.map(({ target }) => ({ id: endpointId(target), ...target }));
  if (!isRegistry && configured.length === 0) return undefined;
  return { service: isRegistry ? service : name, rings, pollMs: pollMs ?? HEALTH_POLL_MS, health, configured, isRegistry };
}

const GIVES_UP_MS = 5_000; // on an ask whose call may be gone

export class EndpointList {
  readonly #settings: EndpointListSettings;
  readonly #changed: (endpoints: readonly RegisteredEndpoint[], unhealthy: readonly string[], now: number) => void;
  #version = -1;
  readonly #isAlone: boolean;
  #heardAt = 0; // epoch ms of the last good answer
  #isEmpty = true;
  #asking: { readonly done: Promise<void>; readonly since: number } | undefined;

  /**
   * @param changed gets each new list
   * @param isAlone whether there are no other endpoints: then a call waits for a list of somebody
   */
  constructor(
    settings: EndpointListSettings,
    changed: (endpoints: readonly RegisteredEndpoint[], unhealthy: readonly string[], now: number) => void,
    isAlone: boolean,
  ) {
    this.#settings = settings;
    this.#changed = changed;
    this.#isAlone = isAlone;
  }

  /** Whether a list has arrived yet. */
  get isKnown(): boolean {
    return this.#version >= 0;
  }

  /** Called with each call. @returns undefined where the list is fresh, or being asked for already */
  touch(): Preparation | undefined {
    const now = Date.now();
    if (this.#version >= 0 && now - this.#heardAt < this.#settings.pollMs) return undefined;
    const isNeeded = (this.#version < 0 && this.#settings.isRegistry) || (this.#isAlone && this.#isEmpty); // a list of nobody serves no call
    const isUnderWay = this.#asking !== undefined && now - this.#asking.since < GIVES_UP_MS;
    if (isUnderWay && !isNeeded) return undefined;
    if (!isUnderWay) this.#asking = { done: this.#ask(), since: now };
    return { done: this.#asking!.done, waitMs: isNeeded ? FIRST_LIST_MS : 0 };
  }

  async #ask(): Promise<void> {
    const { service, rings, health, configured } = this.#settings;
    try {
      const answer = await rings.getByName(service).snapshot(this.#version, health, configured);
      const now = Date.now();
      this.#heardAt = now;
      if (answer.kind === "unchanged") return;
      this.#version = answer.version;
      this.#isEmpty = answer.endpoints.length === 0;
      this.#changed(answer.endpoints, answer.unhealthy ?? [], now);
    } catch (fault) {
      const ageMs = this.#version < 0 ? null : Date.now() - this.#heardAt;
      logEvent("endpoint_list_failed", { service, snapshotAgeMs: ageMs, error: fault });
      if (this.#version >= 0) this.#heardAt = Date.now() - this.#settings.pollMs / 2; // the last good one serves on; ask again soon
    } finally {
      this.#asking = undefined;
    }
  }
}
