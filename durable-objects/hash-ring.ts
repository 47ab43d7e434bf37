// The ring of one service, and its only writer: members with weights, leases and health, and a version. The points follow from these alone.
import { DurableObject } from "cloudflare:workers";
import type { HealthPolicy } from "../core/config/health.ts";
import { CheckStreaks } from "../core/registry/check-streaks.ts";
import {
  type ConfiguredEndpoint,
  drain,
  type EndpointAction,
  type EndpointSnapshot,
  expiredIds,
  liveEndpoints,
  NO_ENDPOINTS,
  type RegisteredEndpoint,
  type Registration,
  type RegistryProblem,
  type RegistryStep,
  register,
  remove,
  renew,
  type ServiceEndpoints,
  setHealth,
} from "../core/registry/registry.ts";
import { checkEach, checkElsewhere, type DueCheck, partsOf } from "./registry/health-rounds.ts";

/** One row of the audit log. */
export interface EndpointChange {
  readonly version: number;
  readonly at: number; // epoch ms
  readonly action: EndpointAction;
  readonly id: string;
}

export type RegistryOutcome =
  | { readonly kind: "ok"; readonly endpoint: RegisteredEndpoint; readonly version: number }
  | { readonly kind: "refused"; readonly problem: RegistryProblem; readonly message: string };

const MAX_CHANGES = 100;
const REPORTED_MS = 120_000; // configured endpoints are checked this long after an isolate has last reported them

/** A configured endpoint, and the result of its health checks. */
interface CheckedEndpoint {
  readonly target: ConfiguredEndpoint;
  readonly isHealthy: boolean;
}

interface RoundCheck extends DueCheck {
  readonly isConfigured: boolean; // or registered
}

export class HashRing extends DurableObject {
  #list: ServiceEndpoints;
  #policy: HealthPolicy | undefined;
  readonly #configured = new Map<string, CheckedEndpoint>();
  #reportedUntil = 0; // epoch ms: end of the checks of configured endpoints
  readonly #streaks = new CheckStreaks();
  #checkedAt = 0; // epoch ms

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS endpoints (id TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID");
    sql.exec("CREATE TABLE IF NOT EXISTS configured (id TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID");
    sql.exec("CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, at INTEGER, action TEXT, id TEXT)");
    sql.exec("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
    const rowsOf = (table: "endpoints" | "configured") =>
      sql.exec<{ id: string; state: string }>(`SELECT id, state FROM ${table}`).toArray();
    const version = sql.exec<{ v: number | null }>("SELECT MAX(version) AS v FROM changes").one().v ?? NO_ENDPOINTS.version;
    const endpoints = rowsOf("endpoints").map(({ id, state }) => [id, JSON.parse(state) as RegisteredEndpoint] as const);
    this.#list = { version, endpoints: new Map(endpoints) };
    for (const { id, state } of rowsOf("configured")) this.#configured.set(id, JSON.parse(state) as CheckedEndpoint);
    const [policy] = sql.exec<{ value: string }>("SELECT value FROM settings WHERE name = 'check'").toArray();
    if (policy !== undefined) this.#policy = JSON.parse(policy.value) as HealthPolicy;
    this.#reportedUntil = Date.now() + REPORTED_MS;
  }

  /** @param expected see `register` in core/registry/registry.ts */
  register(registration: Registration, expected: number): Promise<RegistryOutcome> {
    return this.#apply(register(this.#list, registration, expected, Date.now()));
  }

  renew(id: string): Promise<RegistryOutcome> {
    return this.#apply(renew(this.#list, id, Date.now()));
  }

  drain(id: string): Promise<RegistryOutcome> {
    return this.#apply(drain(this.#list, id, Date.now()));
  }

  deregister(id: string): Promise<RegistryOutcome> {
    return this.#apply(remove(this.#list, id, "deregistered"));
  }

  /**
   * The endpoint list for an isolate.
   *
   * @param known      version of the list that the isolate has; -1 for none
   * @param policy     how to check health from now on, as the isolate's configuration says
   * @param configured endpoints of the isolate's configuration, which are checked as well
   */
  async snapshot(known: number, policy?: HealthPolicy, configured: readonly ConfiguredEndpoint[] = []): Promise<EndpointSnapshot> {
    await this.#usePolicy(policy);
    await this.#checkAlso(configured);
    await this.#removeExpired();
    const { version } = this.#list;
    if (known === version) return { kind: "unchanged", version };
    const unhealthy = [...this.#configured].filter(([, checked]) => !checked.isHealthy).map(([id]) => id);
    return { kind: "changed", version, endpoints: liveEndpoints(this.#list, Date.now()), unhealthy };
  }

  /** The audit log, the latest change first. */
  changes(): EndpointChange[] {
    const query = "SELECT version, at, action, id FROM changes ORDER BY version DESC LIMIT ?";
    const rows = this.ctx.storage.sql.exec<{ version: number; at: number; action: string; id: string }>(query, MAX_CHANGES);
    return [...rows].map((row) => ({ ...row, action: row.action as EndpointAction })); // only `#audit` writes this column
  }

  override async alarm(): Promise<void> {
    await this.#removeExpired();
    const policy = this.#policy;
    if (policy !== undefined && Date.now() - this.#checkedAt >= policy.intervalMs * 0.8) {
      this.#checkedAt = Date.now();
      await this.#checkAll(policy);
    }
    await this.#scheduleAlarm();
  }

  /** Checks endpoints for the object of a service that has more of them than it can check by itself. @returns a result for each */
  async checkHealth(targets: readonly ConfiguredEndpoint[], policy: HealthPolicy): Promise<boolean[]> {
    const results = targets.map(() => false);
    const due = targets.map((target, index) => ({ target, index }));
    await checkEach(due, policy, this.#bindings(), ({ index }, result) => {
      results[index] = result;
    });
    return results;
  }

  async #checkAll(policy: HealthPolicy): Promise<void> {
    const registered = liveEndpoints(this.#list, Date.now()).map(({ id, url, isHealthy }) => this.#due({ id, url }, isHealthy, false));
    const reported = Date.now() < this.#reportedUntil ? [...this.#configured.values()] : [];
    const configured = reported.map(({ target, isHealthy }) => this.#due(target, isHealthy, true));
    const [own, ...others] = partsOf([...registered, ...configured]);
    const apply = ({ target, isConfigured }: RoundCheck, result: boolean): Promise<void> =>
      isConfigured ? this.#applyToConfigured(target.id, result, policy) : this.#applyToRegistered(target.id, result, policy);
    await Promise.all([
      checkEach(own!, policy, this.#bindings(), apply),
      ...others.map(async (part, index) => {
        const results = await checkElsewhere(this.#sibling(`checks-${index + 1}`), part, policy);
        for (const [position, due] of part.entries()) if (results !== undefined) await apply(due, results[position] === true);
      }),
    ]);
  }

  #due(target: ConfiguredEndpoint, isListed: boolean, isConfigured: boolean): RoundCheck {
    const key = isConfigured ? `configured ${target.id}` : target.id; // the id of a registered endpoint has no space
    return { target, isConfigured, hasFailed: this.#streaks.hasFailed(key, isListed) };
  }

  /** Another object of this class, which works for this one alone. */
  #sibling(name: string): DurableObjectStub<HashRing> {
    const { HASH_RING } = this.env as unknown as { readonly HASH_RING: DurableObjectNamespace<HashRing> };
    const { jurisdiction } = this.ctx.id;
    const rings = jurisdiction === undefined ? HASH_RING : HASH_RING.jurisdiction(jurisdiction as DurableObjectJurisdiction);
    return rings.getByName(`${this.ctx.id.toString()}/${name}`);
  }

  /** Service bindings by their configured names, which have no types. */
  #bindings(): Readonly<Record<string, Fetcher | undefined>> {
    return this.env as unknown as Readonly<Record<string, Fetcher | undefined>>;
  }

  async #applyToRegistered(id: string, result: boolean, policy: HealthPolicy): Promise<void> {
    const isListed = this.#list.endpoints.get(id)?.isHealthy;
    if (this.#streaks.record(id, isListed, result, policy)) await this.#apply(setHealth(this.#list, id, result, Date.now()));
  }

  async #applyToConfigured(id: string, result: boolean, policy: HealthPolicy): Promise<void> {
    const checked = this.#configured.get(id);
    const key = `configured ${id}`; // the id of a registered endpoint has no space
    if (!this.#streaks.record(key, checked?.isHealthy, result, policy)) return;
    const version = this.#list.version + 1;
    this.ctx.storage.transactionSync(() => {
      this.#audit(version, result ? "healthy" : "unhealthy", id);
      this.#storeConfigured({ ...checked!, isHealthy: result });
    });
    this.#list = { ...this.#list, version };
  }

  async #removeExpired(): Promise<void> {
    for (const id of expiredIds(this.#list, Date.now())) await this.#apply(remove(this.#list, id, "expired"));
  }

  async #usePolicy(policy: HealthPolicy | undefined): Promise<void> {
    if (policy === undefined || JSON.stringify(policy) === JSON.stringify(this.#policy)) return;
    this.#policy = policy;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO settings VALUES ('check', ?)", JSON.stringify(policy));
    await this.#scheduleAlarm();
  }

  /** Adds configured endpoints to those that are checked; checks go on while isolates report them. */
  async #checkAlso(configured: readonly ConfiguredEndpoint[]): Promise<void> {
    if (configured.length === 0) return;
    const wasIdle = Date.now() >= this.#reportedUntil;
    this.#reportedUntil = Date.now() + REPORTED_MS;
    const added = configured.filter(({ id }) => !this.#configured.has(id));
    for (const target of added) this.#storeConfigured({ target, isHealthy: true });
    if (wasIdle || added.length > 0) await this.#scheduleAlarm();
  }

  #storeConfigured(checked: CheckedEndpoint): void {
    const { id } = checked.target;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO configured VALUES (?, ?)", id, JSON.stringify(checked));
    this.#configured.set(id, checked);
  }

  /** Stores a step, all of it or nothing, before any isolate gets its result. */
  async #apply(step: RegistryStep): Promise<RegistryOutcome> {
    if (step.kind === "refused") return step;
    const { sql } = this.ctx.storage;
    const { endpoint, list } = step;
    this.ctx.storage.transactionSync(() => {
      if (step.kind === "changed") this.#audit(list.version, step.action, endpoint.id);
      if (list.endpoints.has(endpoint.id))
        sql.exec("INSERT OR REPLACE INTO endpoints VALUES (?, ?)", endpoint.id, JSON.stringify(endpoint));
      else sql.exec("DELETE FROM endpoints WHERE id = ?", endpoint.id);
    });
    this.#list = list;
    await this.#scheduleAlarm();
    return { kind: "ok", endpoint, version: list.version };
  }

  #audit(version: number, action: EndpointAction, id: string): void {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO changes VALUES (?, ?, ?, ?)", version, Date.now(), action, id);
    sql.exec("DELETE FROM changes WHERE version <= ?", version - MAX_CHANGES);
  }

  /** For the next lease that ends or the next check; none if there is nothing to check and nothing to expire. */
  async #scheduleAlarm(): Promise<void> {
    const expiries = [...this.#list.endpoints.values()].map(({ expiresAt }) => expiresAt);
    const checksConfigured = this.#policy !== undefined && this.#configured.size > 0 && Date.now() < this.#reportedUntil;
    if (expiries.length === 0 && !checksConfigured) return this.ctx.storage.deleteAlarm();
    // Up to a tenth earlier or later: otherwise all Durable Objects would check at the same time.
    const check =
      this.#policy === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(Date.now(), this.#checkedAt + this.#policy.intervalMs * (0.9 + 0.2 * Math.random()));
    await this.ctx.storage.setAlarm(Math.max(Date.now(), Math.min(check, ...expiries)));
  }
}
