// `npm run register`: makes a server known to the gateway's registry, keeps its lease, and takes it out when it is stopped.
import { hostname } from "node:os";
import { parseCommand } from "../command.ts";

const { values } = parseCommand("register", {
  service: { type: "string" },
  url: { type: "string" },
  gateway: { type: "string", default: "http://127.0.0.1:8787" },
  id: { type: "string" },
  weight: { type: "string", default: "1" },
  priority: { type: "string", default: "0" },
  zone: { type: "string", default: "" },
  lease: { type: "string", default: "15" },
  drain: { type: "string", default: "5" },
});
const token = process.env["REGISTRY_TOKEN"];
if (values.service === undefined || values.url === undefined || token === undefined) {
  process.stderr.write(
    token === undefined
      ? "set REGISTRY_TOKEN, the registry's token\n"
      : "--service and --url are needed; `npm run register -- --help` shows how\n",
  );
  process.exit(2);
}
const { service, url } = values;
const id = values.id ?? `${hostname()}-${URL.parse(url)?.port ?? ""}`.replaceAll(/[^\w.-]/g, "-").slice(0, 64);
const leaseMs = Number(values.lease) * 1_000;
const RETRY_MS = 1_000;

class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

async function call(method: string, message: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "connect-protocol-version": "1" };
  const answer = await fetch(`${values.gateway}/tidegate.registry.v1.RegistryService/${method}`, {
    method: "POST",
    headers,
    body: JSON.stringify({ service, ...message }),
    signal: AbortSignal.timeout(10_000),
  });
  const body = (await answer.json()) as Record<string, unknown>;
  if (!answer.ok) throw new Refused(String(body["code"]), String(body["message"]));
  return body;
}

async function register(): Promise<void> {
  const facts = { id, url, weight: Number(values.weight), priority: Number(values.priority), zone: values.zone };
  const { revision } = await call("Register", { endpoint: facts, leaseMs });
  process.stdout.write(`${id} is registered for ${service} at ${url}, revision ${String(revision)}\n`);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** What registering again does not fix. */
const FATAL = new Set(["invalid_argument", "unauthenticated", "failed_precondition", "already_exists", "unimplemented"]);

let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  process.stdout.write(`${id} drains for ${values.drain} s; once more to go at once\n`);
  try {
    await call("Drain", { id });
    await pause(Number(values.drain) * 1_000);
    await call("Deregister", { id });
    process.exit(0);
  } catch (error) {
    if (error instanceof Refused && error.code === "not_found") process.exit(0); // its lease has ended meanwhile
    process.stderr.write(`${String(error)}; its lease will end\n`);
    process.exit(1);
  }
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());

for (let isKnown = false; !isStopping; ) {
  try {
    if (isKnown) await call("Renew", { id });
    else await register();
    isKnown = true;
    await pause(leaseMs / 3);
  } catch (error) {
    if (error instanceof Refused && FATAL.has(error.code)) {
      process.stderr.write(`${error.message}\n`);
      process.exit(1);
    }
    if (error instanceof Refused && error.code === "not_found")
      isKnown = false; // its lease had ended
    else process.stderr.write(`${String(error)}; again in ${RETRY_MS / 1_000} s\n`);
    await pause(RETRY_MS);
  }
}
