// Five gateways in two regions, each a process of its own, with one process of objects; and an operator who calls any of them.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { subjects } from "../../../bench/subjects.ts";
import { type Running, start } from "../../../bench/workerd.ts";
import { type JsonObject, snapshotText } from "../../../core/control/snapshot.ts";
import { REGION_HEADER } from "../../../core/headers.ts";
import { SECRETS, VERSION_HEADER } from "../../support/five-gateways/settings.ts";

export const REGIONS = ["weur", "weur", "weur", "oc", "oc"] as const;
const SERVICE = "tidegate.control.v1.ControlService";
/** Five gateways share two processors with others: a call that takes longer is a fault. */
const DEADLINE_MS = 60_000;

/** What an operator has received. */
export interface Reply {
  readonly status: number;
  readonly body: Record<string, never> & { readonly message?: string };
}

/** What a response says about the version that served it. */
export interface Seen {
  readonly status: number;
  readonly versions: readonly string[]; // one value where a single version has served the request
}

export class FiveGateways {
  readonly #folder = mkdtempSync(join(tmpdir(), "tidegate-five-"));
  readonly #running: Running[] = [];
  readonly #regions: string[] = [];
  #objects: Running | undefined;

  /** @param entries of the gateways, in the order of `REGIONS` */
  async start(entries: readonly string[]): Promise<void> {
    const { prepare } = subjects["gateway"]!;
    const objects = [
      { binding: "RELAY", className: "Relay" },
      { binding: "CONTROL_PLANE", className: "ControlPlane" },
      { binding: "AUDIT_LOG", className: "AuditLog" },
    ];
    const shared = { entry: "test/support/five-gateways/objects.ts", about: "", objects, prepare };
    this.#objects = await start(join(this.#folder, "objects"), shared, { upstreamPort: 1, cpu: 0 });
    for (const [index, entry] of entries.entries()) await this.add(entry, REGIONS[index]!);
  }

  /** Starts one more gateway. @returns its number */
  async add(entry: string, region: string): Promise<number> {
    const index = this.#running.length;
    const gateway = { entry, about: "", upstreams: ["OBJECTS"], prepare: subjects["gateway"]!.prepare };
    this.#running.push(await start(join(this.#folder, `gateway-${index}`), gateway, { upstreamPort: this.#objects!.port, cpu: index % 2 }));
    this.#regions.push(region);
    return index;
  }

  get count(): number {
    return this.#running.length;
  }

  stop(): void {
    for (const one of [...this.#running, this.#objects]) one?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Cuts off `objects`, `kv`, both or nothing. */
  async cut(...names: readonly string[]): Promise<void> {
    await (await fetch(`${this.#objects!.origin}/cut/${names.join("/")}`)).arrayBuffer();
  }

  async call(to: number): Promise<Seen> {
    const response = await fetch(`${this.#running[to]!.origin}/users.v1.UserService/GetUser`, {
      method: "POST",
      headers: { "content-type": "application/json", [REGION_HEADER]: this.#regions[to]!, "cf-connecting-ip": "192.0.2.1" },
      body: JSON.stringify({ id: "usr_01arz3ndektsv4rrffq69g5fav" }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (!response.ok) return { status: response.status, versions: [text] };
    const { displayName } = JSON.parse(text) as { displayName?: string };
    const { headers } = response;
    const seen = [displayName, headers.get(VERSION_HEADER), headers.get("x-again")].map(String);
    return { status: response.status, versions: [...new Set(seen)] };
  }

  async operator(to: number, method: string, message: object = {}, author = "ann"): Promise<Reply> {
    const response = await fetch(`${this.#running[to]!.origin}/${SERVICE}/${method}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${SECRETS.ADMIN_SECRET}`,
        "tidegate-operator": author,
        [REGION_HEADER]: this.#regions[to]!,
      },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return { status: response.status, body: (await response.json()) as Reply["body"] };
  }

  async sequence(to = 0): Promise<string> {
    return String((await this.operator(to, "GetStatus")).body["sequence"] ?? "0");
  }

  publish(to: number, configuration: JsonObject, expectedSequence: string, author?: string, fields: object = {}): Promise<Reply> {
    return this.operator(to, "Publish", { snapshot: snapshotOf(configuration), expectedSequence, reason: "a test", ...fields }, author);
  }
}

function snapshotOf(configuration: JsonObject): { readonly digest: string; readonly text: string } {
  const text = snapshotText({ format: 1, configuration, descriptors: [], layers: [] });
  return { digest: createHash("sha256").update(text).digest("hex"), text };
}
