// A gateway under `npm start` with an upstream of three servers of the test, one of them slow and one that registers itself, under load.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { copyProject, type ProjectCopy } from "../../cli/project-copy.ts";
import { npmStart, type RunningGateway } from "../../examples/gateway.ts";

const SECRET = "a secret of at least 32 characters, for the console";
export const SERVICE = "users.v1.UserService";
const METHOD = `${SERVICE}/ListUsers`;
const SLOW_MS = 150;

export interface GatewayUnderLoad {
  readonly url: string;
  readonly secret: string;
  readonly slow: string; // endpoint that takes 150 ms
  readonly registered: string; // id of the endpoint that has registered
  readonly copy: ProjectCopy;
  /** Calls an admin service by Connect in JSON, as an admin. */
  api(procedure: string, message?: object): Promise<Record<string, never>>;
  /** Whether calls are made; figures of a long window stand still while none is. */
  setLoad(isOn: boolean): void;
  stop(): Promise<void>;
}

function upstream(delayMs: number): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => {
      response.writeHead(200, { "content-type": request.headers["content-type"] ?? "application/json" });
      response.end(request.headers["content-type"] === "application/json" ? "{}" : "");
    }, delayMs);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
  });
}

export async function startUnderLoad(): Promise<GatewayUnderLoad> {
  const servers = await Promise.all([upstream(0), upstream(SLOW_MS), upstream(0)]);
  const [fast, slow, third] = servers.map(({ url }) => url) as [string, string, string];
  const copy = copyProject();
  copy.write(".dev.vars", `ADMIN_SECRET="${SECRET}"\n`);
  copy.write("gateway.config.ts", configuration(fast, slow));
  const gateway = await npmStart(copy);
  const api = (procedure: string, message: object = {}): Promise<Record<string, never>> => adminCall(gateway, procedure, message);
  await api("tidegate.registry.v1.RegistryService/Register", {
    service: SERVICE,
    endpoint: { id: "third", url: third },
    leaseMs: 3_600_000,
  });
  const ending = new AbortController();
  let isOn = true;
  const load = underLoad(gateway.url, ending.signal, () => isOn);
  return {
    ...{ url: gateway.url, secret: SECRET, slow, registered: "third", copy, api },
    setLoad(next) {
      isOn = next;
    },
    async stop() {
      ending.abort();
      await load;
      await gateway.stop();
      for (const { server } of servers) {
        server.closeAllConnections();
        server.close();
      }
      copy.remove();
    },
  };
}

function configuration(fast: string, slow: string): string {
  return `// A gateway with all admin services, and one service at servers of the test.
import { defineGateway } from "./core/config/gateway.ts";

export default defineGateway({
  admin: { secretBinding: "ADMIN_SECRET" },
  control: { pollMs: 500 },
  breakers: {},
  registry: { allowPrivate: true, allowIpAddresses: true },
  rateLimits: { "per-caller": { key: "ip", capacity: 10_000, rate: 10_000, intervalMs: 1_000, fail: "open" } },
  defaults: { rateLimits: ["per-caller"] },
  services: {
    "${SERVICE}": {
      upstream: { registry: true, endpoints: [{ url: "${fast}", weight: 2 }, { url: "${slow}" }], balancer: "consistent_hash" },
    },
  },
});
`;
}

async function adminCall({ url }: RunningGateway, procedure: string, message: object): Promise<Record<string, never>> {
  const response = await fetch(`${url}/${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${SECRET}` },
    body: JSON.stringify(message),
  });
  const body = (await response.json()) as Record<string, never>;
  if (!response.ok) throw new Error(`${procedure}: ${response.status} ${JSON.stringify(body)}`);
  return body;
}

/** Some ten calls a second, until the signal. */
async function underLoad(url: string, signal: AbortSignal, isOn: () => boolean): Promise<void> {
  while (!signal.aborted) {
    await sleep(50, undefined, { signal }).catch(() => undefined);
    if (!isOn()) continue;
    await fetch(`${url}/${METHOD}`, { method: "POST", headers: { "content-type": "application/json" }, body: "{}", signal })
      .then((response) => response.arrayBuffer())
      .catch(() => undefined);
  }
}
