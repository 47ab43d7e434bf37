// The endpoints of one service, and their only writer: keeps leases, checks health, tells isolates what has changed.
import { DurableObject } from "cloudflare:workers";
import { concurrently } from "../core/concurrently.ts";
import type { HealthPolicy } from "../core/config/upstream.ts";
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
  type RegistryStep,
  register,
  remove,
  renew,
  type ServiceEndpoints,
  setHealth,
} from "../core/registry.ts";

export interface EndpointChange {
  readonly version: number;
  readonly at: number; // epoch ms
  readonly action: EndpointAction;
  readonly id: string;
}

export type RegistryOutcome =
  | Exclude<RegistryStep, { kind: "changed" | "kept" }>
  | { readonly kind: "ok"; readonly endpoint: RegisteredEndpoint; readonly version: number };

const AUDITED = 100;
const WANTED_MS = 120_000; // configured endpoints are checked for so long after an isolate has last reported them
const AT_ONCE = 6; // connections that a Worker may have waiting for response headers

type Checked = { readonly target: ConfiguredEndpoint; readonly isHealthy: boolean };

export class HashRing extends DurableObject {
  #members: ServiceEndpoints;
  #check: HealthPolicy | undefined;
  readonly #configured = new Map<string, Checked>();
  #wantedUntil = 0; // epoch ms, for the configured ones
  readonly #streaks = new Map<string, number>(); // checks in a row that say the opposite of what is listed
  #checkedAt = 0;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS endpoints (id TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID");
    sql.exec("CREATE TABLE IF NOT EXISTS changes (version INTEGER PRIMARY KEY, at INTEGER, action TEXT, id TEXT)");
    sql.exec("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
    const version = sql.exec<{ v: number | null }>("SELECT MAX(version) AS v FROM changes").one().v ?? NO_ENDPOINTS.version;
    const rows = sql.exec<{ id: string; state: string }>("SELECT id, state FROM endpoints").toArray();
    this.#members = { version, endpoints: new Map(rows.map(({ id, state }) => [id, JSON.parse(state) as RegisteredEndpoint])) };
    const check = sql.exec<{ value: string }>("SELECT value FROM settings WHERE name = 'check'").toArray()[0];
    if (check !== undefined) this.#check = JSON.parse(check.value) as HealthPolicy;
    sql.exec("CREATE TABLE IF NOT EXISTS configured (id TEXT PRIMARY KEY, state TEXT) WITHOUT ROWID");
    for (const { id, state } of sql.exec<{ id: string; state: string }>("SELECT id, state FROM configured"))
      this.#configured.set(id, JSON.parse(state) as Checked);
    this.#wantedUntil = Date.now() + WANTED_MS;
  }

  register(wanted: Registration, expected: number): Promise<RegistryOutcome> {
    return this.#step(register(this.#members, wanted, expected, Date.now()));
  }

  renew(id: string): Promise<RegistryOutcome> {
    return this.#step(renew(this.#members, id, Date.now()));
  }

  drain(id: string): Promise<RegistryOutcome> {
    return this.#step(drain(this.#members, id, Date.now()));
  }

  deregister(id: string): Promise<RegistryOutcome> {
    return this.#step(remove(this.#members, id, "deregistered"));
  }

  /**
   * What an isolate has to know.
   *
   * @param known version of the snapshot it has; -1 for none
   * @param check how to check the health of endpoints from now on: what the isolate's configuration says
   * @param configured endpoints of the isolate's configuration, to be checked beside those that have registered
   */
  async snapshot(known: number, check?: HealthPolicy, configured: readonly ConfiguredEndpoint[] = []): Promise<EndpointSnapshot> {
    await this.#use(check);
    await this.#want(configured);
    await this.#expire();
    const { version } = this.#members;
    if (known === version) return { kind: "unchanged", version };
    const unhealthy = [...this.#configured].filter(([, { isHealthy }]) => !isHealthy).map(([id]) => id);
    return { kind: "changed", version, endpoints: liveEndpoints(this.#members, Date.now()), unhealthy };
  }

  /** Remembers configured endpoints; checks go on while isolates report them. */
  async #want(configured: readonly ConfiguredEndpoint[]): Promise<void> {
    if (configured.length === 0) return;
    const wasIdle = Date.now() >= this.#wantedUntil;
    this.#wantedUntil = Date.now() + WANTED_MS;
    const added = configured.filter(({ id }) => !this.#configured.has(id));
    for (const target of added) this.#keep({ target, isHealthy: true });
    if (wasIdle || added.length > 0) await this.#wake();
  }

  #keep(checked: Checked): void {
    const { id } = checked.target;
    this.#configured.set(id, checked);
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO configured VALUES (?, ?)", id, JSON.stringify(checked));
  }

  changes(): EndpointChange[] {
    const rows = this.ctx.storage.sql.exec<{ version: number; at: number; action: string; id: string }>(
      "SELECT version, at, action, id FROM changes ORDER BY version DESC LIMIT ?",
      AUDITED,
    );
    return [...rows].map((row) => ({ ...row, action: row.action as EndpointAction }));
  }

  override async alarm(): Promise<void> {
    await this.#expire();
    const check = this.#check;
    if (check !== undefined && Date.now() - this.#checkedAt >= check.intervalMs * 0.8) {
      this.#checkedAt = Date.now();
      const registered = liveEndpoints(this.#members, Date.now()).map(({ id, url }) => ({ target: { id, url }, isConfigured: false }));
      const wanted = Date.now() < this.#wantedUntil ? [...this.#configured.values()] : [];
      const all = [...registered, ...wanted.map(({ target }) => ({ target, isConfigured: true }))];
      await concurrently(AT_ONCE, all, async ({ target, isConfigured }) => {
        const isWell = await this.#isWell(target, check);
        await (isConfigured ? this.#heardConfigured(target.id, isWell, check) : this.#heard(target.id, isWell, check));
      });
    }
    await this.#wake();
  }

  /** One check changes nothing: so many in a row do. */
  async #heard(id: string, isWell: boolean, check: HealthPolicy): Promise<void> {
    const listedAs = this.#members.endpoints.get(id)?.isHealthy;
    if (listedAs === undefined || listedAs === isWell) return void this.#streaks.delete(id);
    const streak = (this.#streaks.get(id) ?? 0) + 1;
    this.#streaks.set(id, streak);
    if (streak < (isWell ? check.healthyAfter : check.unhealthyAfter)) return;
    this.#streaks.delete(id);
    await this.#step(setHealth(this.#members, id, isWell, Date.now()));
  }

  async #heardConfigured(id: string, isWell: boolean, check: HealthPolicy): Promise<void> {
    const checked = this.#configured.get(id);
    const key = `configured ${id}`; // no id of a registered endpoint has a space
    if (checked === undefined || checked.isHealthy === isWell) return void this.#streaks.delete(key);
    const streak = (this.#streaks.get(key) ?? 0) + 1;
    this.#streaks.set(key, streak);
    if (streak < (isWell ? check.healthyAfter : check.unhealthyAfter)) return;
    this.#streaks.delete(key);
    this.#keep({ ...checked, isHealthy: isWell });
    const version = this.#members.version + 1;
    this.#audit(version, isWell ? "healthy" : "unhealthy", id);
    this.#members = { ...this.#members, version };
  }

  #audit(version: number, action: EndpointAction, id: string): void {
    const { sql } = this.ctx.storage;
    sql.exec("INSERT INTO changes VALUES (?, ?, ?, ?)", version, Date.now(), action, id);
    sql.exec("DELETE FROM changes WHERE version <= ?", version - AUDITED);
  }

  #isWell({ url, binding }: ConfiguredEndpoint, check: HealthPolicy): Promise<boolean> {
    if (binding === undefined) return isWell(url!, check, (to, init) => fetch(to, init));
    const service = (this.env as unknown as Readonly<Record<string, Fetcher | undefined>>)[binding];
    return service === undefined ? Promise.resolve(true) : isWell("https://health.internal", check, (to, init) => service.fetch(to, init));
  }

  async #expire(): Promise<void> {
    for (const id of expiredIds(this.#members, Date.now())) await this.#step(remove(this.#members, id, "expired"));
  }

  async #use(check: HealthPolicy | undefined): Promise<void> {
    if (check === undefined || JSON.stringify(check) === JSON.stringify(this.#check)) return;
    this.#check = check;
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO settings VALUES ('check', ?)", JSON.stringify(check));
    await this.#wake();
  }

  /** Stored before anybody hears of it. */
  async #step(step: RegistryStep): Promise<RegistryOutcome> {
    if (step.kind === "refused") return step;
    const { sql } = this.ctx.storage;
    const { endpoint, members } = step;
    if (step.kind === "changed") {
      this.#audit(members.version, step.action, endpoint.id);
    }
    if (members.endpoints.has(endpoint.id))
      sql.exec("INSERT OR REPLACE INTO endpoints VALUES (?, ?)", endpoint.id, JSON.stringify(endpoint));
    else sql.exec("DELETE FROM endpoints WHERE id = ?", endpoint.id);
    this.#members = members;
    await this.#wake();
    return { kind: "ok", endpoint, version: members.version };
  }

  /** For the next lease that ends, and the next check; asleep where there is nobody. */
  async #wake(): Promise<void> {
    const ends = [...this.#members.endpoints.values()].map(({ expiresAt }) => expiresAt);
    const isWanted = this.#check !== undefined && this.#configured.size > 0 && Date.now() < this.#wantedUntil;
    if (ends.length === 0 && !isWanted) return this.ctx.storage.deleteAlarm();
    // Not all objects at one time: a tenth more or less.
    const check =
      this.#check === undefined
        ? Number.POSITIVE_INFINITY
        : Math.max(Date.now(), this.#checkedAt + this.#check.intervalMs * (0.9 + 0.2 * Math.random()));
    await this.ctx.storage.setAlarm(Math.max(Date.now(), Math.min(check, ...ends)));
  }
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

async function isWell(url: string, { kind, path, timeoutMs }: HealthPolicy, send: Fetch): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    if (kind === "http") {
      const answer = await send(url + path, { signal, redirect: "manual" });
      await answer.body?.cancel();
      return answer.ok;
    }
    if (kind === "native_grpc") return await isServing(url, signal, send);
    const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
    const answer = await send(`${url}/grpc.health.v1.Health/Check`, { method: "POST", headers, body: "{}", signal, redirect: "manual" });
    return answer.ok && (await answer.json<{ status?: string }>()).status === "SERVING";
  } catch {
    return false;
  }
}

/** grpc.health.v1 of a server that speaks native gRPC: Cloudflare's edge converts the gRPC-Web of this call. */
async function isServing(url: string, signal: AbortSignal, send: Fetch): Promise<boolean> {
  const response = await send(`${url}/grpc.health.v1.Health/Check`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web", "x-grpc-web": "1" },
    body: new Uint8Array(5), // an envelope with an empty HealthCheckRequest
    signal,
    redirect: "manual",
    cf: { grpcWeb: "convert" },
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  // HealthCheckResponse { status: SERVING } in its envelope: five bytes, then field 1 as a varint.
  return response.ok && bytes.length >= 7 && bytes[0] === 0 && bytes[4] === 2 && bytes[5] === 8 && bytes[6] === 1;
}
