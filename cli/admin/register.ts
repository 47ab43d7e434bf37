// `npm run register`: registers a server with the gateway's registry, renews its lease, and deregisters it when this command ends.
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { RegistryService } from "../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { parseCommand } from "../command.ts";
import { adminToken, codeOf, DEFAULT_GATEWAY, gatewayClient, problemOf } from "./gateway-client.ts";

const RETRY_MS = 1_000;

/** Errors that another attempt does not fix. */
const FATAL: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.Unauthenticated,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.Unimplemented,
]);

const { values } = parseCommand("register", {
  service: { type: "string" },
  url: { type: "string" },
  gateway: { type: "string", default: DEFAULT_GATEWAY },
  id: { type: "string" },
  weight: { type: "string", default: "1" },
  priority: { type: "string", default: "0" },
  zone: { type: "string", default: "" },
  lease: { type: "string", default: "15" },
  drain: { type: "string", default: "5" },
});
const token = adminToken("REGISTRY_TOKEN", (problem) => stop(2, problem));
const { service, url, gateway } = values;
if (service === undefined || url === undefined) stop(2, "--service and --url are required (`npm run register -- --help`)");
const id = values.id ?? `${hostname()}-${URL.parse(url)?.port ?? ""}`.replaceAll(/[^\w.-]/g, "-").slice(0, 64);
const endpoint = { id, url, weight: numberIn("weight"), priority: numberIn("priority"), zone: values.zone };
const leaseMs = Math.round(numberIn("lease") * 1_000);
const drainMs = numberIn("drain") * 1_000;
const registry = gatewayClient(RegistryService, gateway, token);

let isStopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void leave());

for (let isRegistered = false; !isStopping; ) {
  try {
    if (isRegistered) await registry.renew({ service, id });
    else {
      const { revision } = await registry.register({ service, endpoint, leaseMs });
      process.stdout.write(`${id} is registered for ${service} at ${url}, revision ${revision}\n`);
    }
    isRegistered = true;
    await pause(leaseMs / 3);
  } catch (error) {
    const code = codeOf(error);
    if (FATAL.has(code)) stop(1, problemOf(error, gateway));
    if (code === Code.NotFound)
      isRegistered = false; // the lease has ended
    else process.stderr.write(`${problemOf(error, gateway)}; next attempt in ${RETRY_MS / 1_000} s\n`);
    await pause(RETRY_MS);
  }
}

/** Drains and deregisters the endpoint; a second signal ends this process at once. */
async function leave(): Promise<void> {
  if (isStopping) process.exit(1);
  isStopping = true;
  process.stdout.write(`${id} drains for ${values.drain} s; Ctrl-C ends it at once\n`);
  try {
    await registry.drain({ service: service!, id });
    await pause(drainMs);
    await registry.deregister({ service: service!, id });
    process.exit(0);
  } catch (error) {
    if (codeOf(error) === Code.NotFound) process.exit(0); // the lease has ended
    stop(1, `${problemOf(error, gateway)}; the endpoint is removed when its lease ends`);
  }
}

/** @returns the number that a flag has, for the registry to check against its bounds */
function numberIn(flag: "weight" | "priority" | "lease" | "drain"): number {
  const text = values[flag];
  const isNumber = flag === "lease" || flag === "drain" ? /^\d{1,6}(\.\d{1,3})?$/ : /^\d{1,9}$/;
  if (!isNumber.test(text)) stop(2, `--${flag}: found ${text}; write a number, as \`npm run register -- --help\` shows`);
  return Number(text);
}

function stop(code: number, text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}
