// `npm start`: runs the gateway with the services of the project on this machine, without an account and without network.
import "./wrangler-settings.ts";
import { parseCommand } from "../command.ts";
import { CONFIG_FILE } from "../project/configuration.ts";
import { environmentOf } from "../project/environment.ts";
import { type NetworkBindings, networkBindings } from "../project/network.ts";
import { FrontProxy } from "./front-proxy.ts";
import { guardChildren, watchLauncher } from "./processes.ts";
import { Runtime } from "./runtime.ts";
import { Supervisor } from "./supervisor.ts";

const FIRST_PORT = 8787;
const STOP_TIMEOUT_MS = 5_000;

const { values } = parseCommand("start", {
  port: { type: "string" },
  host: { type: "string" },
  ip: { type: "string" },
  config: { type: "string", short: "c", default: CONFIG_FILE },
  env: { type: "string", short: "e" },
  "persist-to": { type: "string", default: ".wrangler/state" },
  network: { type: "string" },
  region: { type: "string" },
  verbose: { type: "boolean", default: false },
});
const { port: wanted, config: file } = values;
const env = environmentOf(values.env);
const network = networkOf(values.network, values.region);
const host = values.host ?? values.ip ?? "127.0.0.1";
const front = await listen(wanted === undefined ? undefined : portOf(wanted), host);
const runtime = new Runtime({ persistTo: values["persist-to"], isVerbose: values.verbose });
const supervisor = new Supervisor({ file, env, network }, front, runtime);
const guard = guardChildren();
const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
watchLauncher(() => void stop(1));

process.stdout.write("Tidegate is starting ...\n");
try {
  const problems = await supervisor.start();
  if (problems.length > 0) {
    console.error([`${file} is not valid, the gateway does not start:`, ...problems.map((line) => `  ${line}`)].join("\n"));
    await stop(1);
  }
} catch (error) {
  console.error(`the gateway does not start: ${error instanceof Error ? error.message : String(error)}`);
  await stop(1);
}
guard.update();

const shownHost = /^(0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
const url = `http://${shownHost}:${front.port}`;
process.stdout.write(`
Tidegate is running at ${url}

  REST      curl ${url}/api/v1/users -H 'content-type: application/json' \\
              -d '{"displayName":"Ada","email":"ada@example.com"}'
  REST      curl ${url}/api/v1/users
  Connect   curl ${url}/users.v1.UserService/ListUsers -H 'content-type: application/json' -d '{}'
  Stream    curl -N ${url}/api/v1/users:watch
  Docs      ${url}/docs/    and    ${url}/openapi.json

${network === undefined ? "" : `Network:  ${values.network ?? "local"}, region ${values.region ?? "local"}\n`}Policies: ${file} (edits are picked up)    Data: ${values["persist-to"]}    Stop: Ctrl-C
`);
await supervisor.watch(ending.signal);

function networkOf(profile: string | undefined, region: string | undefined): NetworkBindings | undefined {
  try {
    return networkBindings(profile, region);
  } catch (error) {
    console.error(`--${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  console.error(`--port ${text}: write a whole number from 0 to 65535`);
  process.exit(2);
}

/** Listens on the given port, or on the first free one from 8787 on. */
async function listen(port: number | undefined, address: string): Promise<FrontProxy> {
  for (let next = port ?? FIRST_PORT; next < FIRST_PORT + 100 || next === port; next++) {
    try {
      return await FrontProxy.listen(next, address);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && port === undefined) continue;
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: `port ${next} is taken; choose another with --port, or end what listens there`,
        EACCES: `port ${next} is not permitted to this user; choose one from 1024 on with --port`,
        EADDRNOTAVAIL: `--host ${address}: no address of this machine; write 127.0.0.1, or 0.0.0.0 for all`,
        ENOTFOUND: `--host ${address}: found no such host; write 127.0.0.1, or 0.0.0.0 for all`,
      };
      console.error(reasons[code ?? ""] ?? `${address}:${next} cannot be listened on: ${message}`);
      process.exit(1);
    }
  }
  console.error(`found no free port from ${FIRST_PORT} on; choose one with --port`);
  process.exit(1);
}

/** Ends the runtime, then this process; at once on a second signal. */
async function stop(code: number): Promise<void> {
  if (ending.signal.aborted) process.exit(code); // the watchdog ends the remaining processes
  ending.abort();
  front.close();
  setTimeout(() => process.exit(code), STOP_TIMEOUT_MS).unref();
  await runtime.stop().catch(() => undefined);
  guard.stop();
  process.exit(code);
}
