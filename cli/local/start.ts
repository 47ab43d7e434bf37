// `tidegate dev`: runs the gateway with the services of the project on this machine, without an account and without network.
import "./wrangler-settings.ts";
import { buildConsole } from "../console/build-console.ts";
import { environmentOf } from "../project/environment.ts";
import { type NetworkBindings, networkBindings } from "../project/network.ts";
import type { Context } from "../tidegate/context.ts";
import { Failure } from "../tidegate/failure.ts";
import { firstCalls } from "./first-calls.ts";
import { FrontProxy } from "./front-proxy.ts";
import { guardChildren, watchLauncher } from "./processes.ts";
import { Runtime } from "./runtime.ts";
import { Supervisor } from "./supervisor.ts";

const FIRST_PORT = 8787;
const STOP_TIMEOUT_MS = 5_000;

export interface StartOptions {
  readonly port?: number | undefined; // undefined: the first free one from 8787 on
  readonly host?: string | undefined;
  readonly ip?: string | undefined; // the same as host
  readonly config: string;
  readonly env?: string | undefined;
  readonly persistTo: string;
  readonly network?: string | undefined;
  readonly region?: string | undefined;
  readonly verbose: boolean;
}

/** Ends the process itself: at a signal, or where the gateway does not start. */
export async function start(context: Context, options: StartOptions): Promise<void> {
  const { config: file, persistTo } = options;
  const env = environmentOf(options.env);
  const network = networkOf(options.network, options.region);
  const host = options.host ?? options.ip ?? "127.0.0.1";
  const front = await listen(options.port, host);
  const runtime = new Runtime({ persistTo, isVerbose: options.verbose });
  const supervisor = new Supervisor({ file, env, network, isOpenToViewers: front.isLoopback }, front, runtime);
  const guard = guardChildren();
  const ending = new AbortController();
  /** Ends the runtime, then this process; at once on a second signal. */
  const stop = async (code: number): Promise<never> => {
    if (ending.signal.aborted) process.exit(code); // the watchdog ends the remaining processes
    ending.abort();
    front.close();
    setTimeout(() => process.exit(code), STOP_TIMEOUT_MS).unref();
    await runtime.stop().catch(() => undefined);
    guard.stop();
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stop(0));
  watchLauncher(() => void stop(1));

  if (!context.isJson) context.print(null, "Tidegate is starting ...\n");
  try {
    await buildConsole();
    const problems = await supervisor.start();
    if (problems.length > 0) {
      if (context.isJson) context.print({ error: { what: `${file} is not valid`, problems } }, "");
      else console.error([`${file} is not valid, the gateway does not start:`, ...problems.map((line) => `  ${line}`)].join("\n"));
      await stop(1);
    }
  } catch (error) {
    console.error(`the gateway does not start: ${error instanceof Error ? error.message : String(error)}`);
    await stop(1);
  }
  guard.update();
  const url = `http://${shownHost(host)}:${front.port}`;
  context.print({ event: "running", url, config: file, persistTo }, banner(url, options));
  await supervisor.watch(ending.signal);
}

function shownHost(host: string): string {
  return /^(0\.0\.0\.0|::)$/.test(host) ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
}

function banner(url: string, { network, region, config, persistTo }: StartOptions): string {
  const conditions = network === undefined && region === undefined ? "" : `Network:  ${network ?? "local"}, region ${region ?? "local"}\n`;
  return `
Tidegate is running at ${url}

${firstCalls(url)
  .map((line) => `  ${line}\n`)
  .join("")}  Docs      ${url}/docs/    and    ${url}/openapi.json
  Console   ${url}/_tidegate/    metrics: ${url}/metrics

${conditions}Policies: ${config} (edits are picked up)    Data: ${persistTo}    Stop: Ctrl-C
`;
}

/** @returns undefined where neither is given */
function networkOf(profile: string | undefined, region: string | undefined): NetworkBindings | undefined {
  try {
    return networkBindings(profile, region);
  } catch (error) {
    throw new Failure({ what: `--${error instanceof Error ? error.message : String(error)}`, fix: "`tidegate dev --help`" }, 2);
  }
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
      throw new Failure(reasons[code ?? ""] ?? `${address}:${next} cannot be listened on: ${message}`);
    }
  }
  throw new Failure({ what: `found no free port from ${FIRST_PORT} on`, fix: "choose one with --port" });
}
