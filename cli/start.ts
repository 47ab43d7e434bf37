// `npm start`: the gateway with its example services on this machine, without an account and without network.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { parseCommand } from "./command.ts";
import { checkConfiguration } from "./configuration.ts";

const { values } = parseCommand("start", {
  port: { type: "string" },
  ip: { type: "string", default: "127.0.0.1" },
  "persist-to": { type: "string", default: ".wrangler/state" },
  verbose: { type: "boolean", default: false },
});

const found = await checkConfiguration({ secrets: "local" });
const problems = [...found.problems, ...found.missingSecrets];
if (problems.length > 0) {
  console.error(["gateway.config.ts is not valid, the gateway does not start:", ...problems.map((line) => `  ${line}`)].join("\n"));
  process.exit(1);
}

const port = await choosePort(values.port, values.ip);
const url = `http://${values.ip}:${port}`;
const workers = ["wrangler.toml", "workers/services/users/wrangler.toml", "workers/services/orders/wrangler.toml"];
const wrangler = spawn(
  "wrangler",
  [
    "dev",
    ...workers.flatMap((file) => ["-c", file]),
    ...[
      "--ip",
      values.ip,
      "--port",
      String(port),
      "--inspector-port",
      "0",
      "--persist-to",
      values["persist-to"],
      "--show-interactive-dev-session=false",
    ],
    ...(values.verbose ? [] : ["--log-level", "warn"]),
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      CLOUDFLARE_CF_FETCH_ENABLED: "false", // no network
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_WRITE_LOGS: "false",
      X_LOCAL_EXPLORER: "false",
      X_LOCAL_OBSERVABILITY: "false",
    },
  },
);
wrangler.on("error", (error) => {
  console.error(`wrangler could not be started: ${error.message}`);
  process.exit(1);
});
wrangler.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));

process.stdout.write("Tidegate is starting ...\n");
await answering(`${url}/healthz`);
process.stdout.write(`
Tidegate is running at ${url}

  REST      curl ${url}/api/v1/users -H 'content-type: application/json' \\
              -d '{"displayName":"Ada","email":"ada@example.com"}'
  REST      curl ${url}/api/v1/users
  Connect   curl ${url}/users.v1.UserService/ListUsers -H 'content-type: application/json' -d '{}'
  Stream    curl -N ${url}/api/v1/users:watch
  Docs      ${url}/docs/    and    ${url}/openapi.json

Policies: gateway.config.ts (edits are picked up)    Data: ${values["persist-to"]}    Stop: Ctrl-C
`);

/** @returns the port asked for, or the first free one from 8787 on */
async function choosePort(asked: string | undefined, ip: string): Promise<number> {
  const first = asked === undefined ? 8787 : Number(asked);
  if (!Number.isInteger(first) || first < 1 || first > 65_535) {
    console.error(`--port ${asked}: write a whole number from 1 to 65535`);
    process.exit(2);
  }
  for (let port = first; port < first + 100; port++) {
    if (await isFree(port, ip)) return port;
    if (asked === undefined) continue;
    console.error(`port ${port} is taken; choose another with --port`);
    process.exit(1);
  }
  console.error(`no free port from ${first} on; choose one with --port`);
  process.exit(1);
}

function isFree(port: number, ip: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, ip, () => server.close(() => resolve(true)));
  });
}

/** Resolves when the gateway answers. wrangler ends the process itself when it can't start. */
async function answering(health: string): Promise<void> {
  for (;;) {
    const answer = await fetch(health).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
