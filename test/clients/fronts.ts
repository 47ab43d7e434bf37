// What the clients call: one configuration behind `npm start` and in plain workerd; each over HTTP/1.1 and, as
// behind Cloudflare's edge, over HTTP/2.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAY_OBJECTS, subjects } from "../../bench/subjects.ts";
import { start as startWorkerd } from "../../bench/workerd.ts";
import { edge } from "../discovery/workerd.ts";
import { configuration } from "./configuration.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 240_000; // long enough on a busy machine

export interface Front {
  readonly name: string;
  readonly http1: string; // origin
  readonly http2: string; // origin of the same without TLS, prior knowledge
}

export interface Fronts {
  readonly fronts: readonly Front[];
  readonly page: string; // origin of the web page, which the gateways list
  readonly pages: Server; // serves it; without a handler yet
  stop(): Promise<void>;
}

export async function startFronts(): Promise<Fronts> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-clients-"));
  const stops: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const pages = createServer().listen(0, "127.0.0.1");
    await once(pages, "listening");
    stops.push(() => {
      pages.closeAllConnections();
      pages.close();
    });
    const page = `http://localhost:${(pages.address() as AddressInfo).port}`;
    const lab = spawn(process.execPath, [join(import.meta.dirname, "lab/server.ts")], { stdio: ["ignore", "pipe", "inherit"] });
    stops.push(() => lab.kill("SIGKILL"));
    const [port] = (await once(lab.stdout!, "data")) as [Buffer];
    const chat = await startWorkerd(join(folder, "chat"), { entry: "test/clients/lab/chat.ts", about: "", prepare: never }, PLACE);
    stops.push(chat.stop);
    const config = configuration(`http://127.0.0.1:${String(port).trim()}`, chat.origin, page);
    const origins = [
      { name: "npm start", http1: await startDev(join(folder, "dev"), config, stops) },
      { name: "workerd", http1: await startPlain(join(folder, "plain"), config, stops) },
    ];
    const fronts: Front[] = [];
    for (const { name, http1 } of origins) {
      const server = await edge(Number(new URL(http1).port));
      stops.push(() => server.close());
      fronts.push({ name, http1, http2: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    }
    return { fronts, page, pages, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const PLACE = { upstreamPort: 1, cpu: 0 };
const never = (): never => {
  throw new Error("no benchmark");
};

async function startPlain(folder: string, config: object, stops: (() => unknown)[]): Promise<string> {
  const users = subjects["service"]!;
  const orders = { ...users, entry: "workers/services/orders/index.ts", objects: [{ binding: "ORDER_STORE", className: "OrderStore" }] };
  const gateway = {
    ...users,
    entry: "test/clients/lab/gateway.ts",
    objects: [],
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: users, ORDERS: { ...orders, workers: { USERS: users } } },
    variables: { CONFIGURATION: JSON.stringify(config) },
  };
  const running = await startWorkerd(folder, gateway, PLACE);
  stops.push(running.stop);
  return running.origin;
}

/** `npm start` as a user runs it, with another configuration, at a free port, and with data of its own. */
async function startDev(folder: string, config: object, stops: (() => unknown)[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "gateway.config.ts");
  writeFileSync(file, `export default ${JSON.stringify(config)} as const;\n`);
  const args = ["start", "--", "--config", file, "--port", "0", "--persist-to", join(folder, "state")];
  const child = spawn("npm", args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  for (const pipe of [child.stdout!, child.stderr!]) {
    pipe.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-5_000);
    });
  }
  stops.push(() => endGroup(child));
  for (const late = Date.now() + START_MS; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}:\n${output}`);
    if (Date.now() > late) throw new Error(`npm start does not respond:\n${output}`);
    const origin = /is running at (http:\S+)/.exec(output)?.[1];
    if (origin !== undefined && (await fetch(`${origin}/healthz`).catch(() => undefined))?.ok === true) return origin;
  }
}

/** npm and what it starts are one process group, made for this run. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
  try {
    process.kill(-child.pid, "SIGKILL"); // what npm has left behind
  } catch {
    // Nothing is left.
  }
}
