// Serves exchanges: calls the root objects that are due, and responds with the latest that is known.
import type { IsolateReports, SharedViews } from "../../core/breaker/report.ts";
import type { PurgeDelta } from "../../core/cache/purge/purges.ts";
import type { BreakerPolicy } from "../../core/config/breaker.ts";
import type { HealthPolicy } from "../../core/config/health.ts";
import type { FleetReport } from "../../core/control/fleet-reports.ts";
import { CONTROL_PLANE_NAME, type ControlDelta } from "../../core/exchange/control-messages.ts";
import type { KeysAnswer, KeysQuestion } from "../../core/exchange/key-messages.ts";
import type { ExchangeReply, ExchangeRequest } from "../../core/exchange/messages.ts";
import { RelayState, type RootRequest, rootName } from "../../core/exchange/relay-state.ts";
import { KEY_LOG_NAME } from "../../core/keys/key-shards.ts";
import type { ConfiguredEndpoint, EndpointSnapshot } from "../../core/registry/registry.ts";
import { logEvent } from "../../workers/log.ts";
import { fetchIssuerKeys } from "./fetch-issuer.ts";
import { KeyServer, type KeyStores } from "./key-server.ts";
import { MetricsForwarder, type MetricsRoots } from "./metrics-forwarder.ts";
import { TapForwarder, type TappedObjects } from "./tap-forwarder.ts";

interface Objects<Methods> {
  getByName(name: string): Methods;
}

/** The namespaces of the root objects. One may be missing: then its section of the exchange stays empty. */
export interface RelayBindings {
  readonly CIRCUIT_BREAKER?: Objects<{ report(batch: readonly IsolateReports[], policy: BreakerPolicy): Promise<SharedViews> }>;
  readonly HASH_RING?: Objects<{
    snapshot(known: number, health: HealthPolicy | undefined, configured: readonly ConfiguredEndpoint[]): Promise<EndpointSnapshot>;
  }>;
  readonly PURGE_LOG?: Objects<{ since(known: number): Promise<PurgeDelta> }>;
  readonly KEY_STORE?: KeyStores;
  readonly CONTROL_PLANE?: Objects<{ since(has: readonly string[], report: FleetReport): Promise<ControlDelta> }>;
  readonly TELEMETRY?: MetricsRoots & TappedObjects;
}

const ROOT_WAIT_MS = 1_500; // longest time that an exchange waits for root objects
const PURGE_LOG_NAME = "all"; // one log for all caches of a gateway

export class ExchangeServer {
  readonly #bindings: RelayBindings;
  readonly #state: RelayState;
  readonly #keys: KeyServer;
  readonly #metrics: MetricsForwarder | undefined;
  readonly #tap: TapForwarder | undefined;
  readonly #running = new Map<string, Promise<void>>(); // requests to root objects; they never reject

  /** @param name of this relay, with its region */
  constructor(bindings: RelayBindings, startedAt: number, name = "local/relay-0") {
    this.#bindings = bindings;
    this.#state = new RelayState(startedAt, Math.random, name);
    const { TELEMETRY } = bindings;
    this.#tap = TELEMETRY && new TapForwarder(TELEMETRY);
    this.#metrics = TELEMETRY && new MetricsForwarder(TELEMETRY, name, startedAt, (filters) => this.#tap?.learn(filters, Date.now()));
    this.#keys = new KeyServer(bindings.KEY_STORE, this.#state.keys, {
      refresh: (root) => this.#settled([root === undefined ? this.#running.get("key_changes") : this.#start(root)]),
      settled: (promises) => this.#settled(promises),
    });
  }

  /**
   * An exchange waits for the root objects and issuers that it calls itself, so that a region with few calls is not one interval behind; no call waits
   * for the exchange. All others get what is known, and wait only where nothing is.
   */
  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const receivedAt = Date.now();
    const { shards, due, missing } = this.#state.receive(request, receivedAt);
    const metrics = request.metrics && this.#metrics?.receive(request.metrics, receivedAt);
    if (request.tap !== undefined) this.#tap?.receive(request.tap, receivedAt);
    const flushed = request.metrics?.isAwaited === true ? this.#metrics?.flush() : undefined;
    const awaited = [flushed, ...missing.map((name) => this.#running.get(name)), ...due.map((root) => this.#begin(root))];
    await this.#settled(awaited);
    if (request.keys?.used !== undefined) this.#keys.passUses(request.keys.used);
    const reply = this.#state.reply(request, receivedAt, shards, Date.now());
    const tap = request.tap && this.#tap?.view(Date.now());
    return { ...reply, ...(metrics && { metrics }), ...(tap && { tap }) };
  }

  /** Answers a question about keys that calls of an isolate wait for. */
  keys(question: KeysQuestion): Promise<KeysAnswer> {
    return this.#keys.answer(question);
  }

  async #settled(promises: readonly (Promise<void> | undefined)[]): Promise<void> {
    if (promises.some((promise) => promise !== undefined)) await settled(promises, ROOT_WAIT_MS);
  }

  /** @returns what an exchange waits for */
  #begin(root: RootRequest): Promise<void> | undefined {
    const done = this.#start(root);
    return root.kind === "issuer" && !root.isAwaited ? undefined : done; // no isolate waits for keys that only become newer
  }

  #start(root: RootRequest): Promise<void> {
    const name = rootName(root);
    const done = this.#call(root).catch((error) => {
      this.#state.failed(root);
      logEvent("relay_request_failed", { root: name, error });
    });
    this.#running.set(name, done);
    return done.then(() => {
      if (this.#running.get(name) === done) this.#running.delete(name);
    });
  }

  async #call(root: RootRequest): Promise<void> {
    const { CIRCUIT_BREAKER: breakers, HASH_RING: rings, PURGE_LOG: logs, KEY_STORE: keys } = this.#bindings;
    switch (root.kind) {
      case "breakers": {
        if (breakers === undefined) throw new Error("found no binding CIRCUIT_BREAKER");
        return this.#state.appliedBreakers(root, await breakers.getByName(root.upstream).report(root.batch, root.policy));
      }
      case "list": {
        if (rings === undefined) throw new Error("found no binding HASH_RING");
        return this.#state.appliedList(root, await rings.getByName(root.service).snapshot(root.known, root.health, root.configured));
      }
      case "purges": {
        if (logs === undefined) throw new Error("found no binding PURGE_LOG");
        return this.#state.appliedPurges(root, await logs.getByName(PURGE_LOG_NAME).since(root.known));
      }
      case "control": {
        const { CONTROL_PLANE: planes } = this.#bindings;
        if (planes === undefined) throw new Error("found no binding CONTROL_PLANE");
        return this.#state.appliedControl(root, await planes.getByName(CONTROL_PLANE_NAME).since(root.has, root.report));
      }
      case "issuer":
        return this.#state.appliedIssuer(root, await fetchIssuerKeys(root));
      case "key_changes": {
        if (keys === undefined) throw new Error("found no binding KEY_STORE");
        return this.#state.appliedKeyChanges(root, await keys.getByName(KEY_LOG_NAME).since(root.known));
      }
    }
  }
}

/** Waits until all promises are settled, for a limited time. The timer ends with them: a Durable Object with a timer cannot hibernate. */
async function settled(promises: readonly (Promise<void> | undefined)[], waitMs: number): Promise<void> {
  const over = new AbortController();
  const timeout = scheduler.wait(waitMs, { signal: over.signal }).catch(() => undefined);
  await Promise.race([Promise.all(promises), timeout]);
  over.abort();
}
