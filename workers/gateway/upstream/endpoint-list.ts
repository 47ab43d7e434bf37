// The endpoints of one service that are registered, or whose health is checked. Calls poll the list in the background. While the Durable
// Object cannot be reached, the last list stays in use.

import type { HealthPolicy } from "../../../core/config/health.ts";
import { endpointId, type UpstreamPolicy } from "../../../core/config/upstream.ts";
import { PollSchedule } from "../../../core/poll-schedule.ts";
import type { ConfiguredEndpoint, EndpointSnapshot, RegisteredEndpoint } from "../../../core/registry/registry.ts";
import { logEvent } from "../../log.ts";
import { BackgroundRequest } from "../background/background-request.ts";
import type { Preparation } from "./upstream.ts";

/** The Durable Objects that hold the lists, by service: `durable-objects/hash-ring.ts`. */
export interface HashRings {
  getByName(service: string): {
    snapshot(known: number, check: HealthPolicy | undefined, configured?: readonly ConfiguredEndpoint[]): Promise<EndpointSnapshot>;
  };
}

export interface EndpointListSettings {
  readonly service: string;
  readonly rings: HashRings;
  readonly pollMs: number; // age at which a list is polled again
  readonly health: HealthPolicy | undefined;
  readonly configured: readonly ConfiguredEndpoint[]; // endpoints whose health is checked, beside the registered ones
  readonly isRegistry: boolean; // endpoints may register: calls wait for the first list
}

const FIRST_LIST_MS = 1_000; // longest time that a call waits for a list
const HEALTH_POLL_MS = 5_000; // interval of polls where only health is polled, and no registry sets an interval
const POLL_TIMEOUT_MS = 5_000;

/**
 * The settings of the list of an upstream: for endpoints that register, for the health of configured ones, or for both.
 *
 * @param pollMs interval of the registry; undefined where there is none
 * @returns undefined where there is nothing to poll
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

/** @param unhealthy ids of configured endpoints whose health checks fail */
export type OnEndpoints = (endpoints: readonly RegisteredEndpoint[], unhealthy: readonly string[], now: number) => void;

export class EndpointList {
  readonly #settings: EndpointListSettings;
  readonly #onChange: OnEndpoints;
  readonly #isOnlySource: boolean;
  readonly #schedule: PollSchedule;
  readonly #request: BackgroundRequest;
  #version = -1; // before the first list
  #isEmpty = true;

  /**
   * @param onChange     gets each new list
   * @param isOnlySource whether the upstream has no other endpoints: then calls also wait while the list is empty
   */
  constructor(settings: EndpointListSettings, onChange: OnEndpoints, isOnlySource: boolean) {
    const { service, pollMs } = settings;
    this.#settings = settings;
    this.#onChange = onChange;
    this.#isOnlySource = isOnlySource;
    this.#schedule = new PollSchedule({ intervalMs: pollMs, pauseMs: pollMs / 2, firstPauseMs: 0 });
    this.#request = new BackgroundRequest(POLL_TIMEOUT_MS, (error) => {
      const now = Date.now();
      const snapshotAgeMs = this.#schedule.hasSucceeded ? this.#schedule.ageMs(now) : null;
      logEvent("endpoint_list_failed", { service, snapshotAgeMs, error });
      this.#schedule.fail(now);
    });
  }

  /** Whether a list has arrived. */
  get isKnown(): boolean {
    return this.#version >= 0;
  }

  /** Starts a poll where one is due. @returns the end of the poll that is under way, for `waitUntil`; undefined where the list is recent */
  poll(now: number): Promise<void> | undefined {
    if (!this.#schedule.isDue(now)) return undefined;
    return this.#request.running(now) ?? this.#request.start(now, () => this.#fetch());
  }

  /** Runs with each call: polls where that is due. @returns the poll; the call waits for it only where there is no list to use */
  prepare(now: number): Preparation | undefined {
    const isRunning = this.#request.running(now) !== undefined;
    const done = this.poll(now);
    if (done === undefined) return undefined;
    const isNeeded = (!this.isKnown && this.#settings.isRegistry) || (this.#isOnlySource && this.#isEmpty);
    if (isNeeded) return { done, waitMs: FIRST_LIST_MS };
    return isRunning ? undefined : { done, waitMs: 0 }; // the call that started a poll keeps it alive
  }

  async #fetch(): Promise<void> {
    const { service, rings, health, configured } = this.#settings;
    const snapshot = await rings.getByName(service).snapshot(this.#version, health, configured);
    const now = Date.now();
    this.#schedule.succeed(now);
    if (snapshot.kind === "unchanged") return;
    this.#version = snapshot.version;
    this.#isEmpty = snapshot.endpoints.length === 0;
    this.#onChange(snapshot.endpoints, snapshot.unhealthy ?? [], now);
  }
}
