// `tidegate doctor`: examines the machine, the project and the gateway, and prints what is wrong with its fix.
import type { Context } from "../context.ts";
import { type Examination, failed, ok, skipped, warning } from "./examination.ts";
import { login, nodeVersion, npmVersion, packages, port, tool, versions } from "./machine.ts";

export interface DoctorOptions {
  readonly env?: string | undefined;
  readonly port: number;
  readonly gateway: string;
}

const CLOCK_LIMIT_MS = 5_000; // signatures and tokens are refused by servers that tolerate little more
const GATEWAY_TIMEOUT_MS = 5_000;
const MARKS: Readonly<Record<Examination["state"], string>> = { ok: "ok     ", warning: "warning", failed: "FAILED ", skipped: "skipped" };

export async function doctor(context: Context, options: DoctorOptions): Promise<number> {
  context.progress("examining ...");
  // First what has a timeout or reads the clock: the other examinations keep this process busy.
  const network = await Promise.all([port(options.port), gateway(options.gateway)]);
  const groups = await Promise.all([
    nodeVersion(),
    npmVersion(context),
    packages(context),
    versions(context),
    tool(context, "wrangler"),
    tool(context, "buf"),
    login(context),
    project(options.env),
  ]);
  const examinations = [...groups, ...network].flat();
  const hasFailed = examinations.some(({ state }) => state === "failed");
  context.print({ examinations, isHealthy: !hasFailed }, examinations.map((one) => lineOf(one, context.hasColor)).join(""));
  return hasFailed ? 1 : 0;
}

/** The tools of the project may be missing: everything else is examined all the same. */
async function project(env: string | undefined): Promise<Examination[]> {
  try {
    const { configuration, secrets } = await import("./project.ts");
    return [...(await configuration(env)), await secrets(env)];
  } catch (error) {
    return [
      failed(
        "configuration",
        `it cannot be examined: ${error instanceof Error ? error.message : String(error)}`,
        "npm ci, then tidegate check",
      ),
    ];
  }
}

/** Whether the gateway responds, and whether its clock and the one of this machine agree. */
async function gateway(url: string): Promise<Examination[]> {
  const startedAt = Date.now();
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(GATEWAY_TIMEOUT_MS), redirect: "manual" }).catch(
    () => undefined,
  );
  const endedAt = Date.now();
  if (response === undefined)
    return [
      skipped("gateway", `no response from ${url}; name another one with --gateway URL`),
      skipped("clock", "no gateway to compare it with"),
    ];
  const isHealthy = response.ok && (await response.text()) === "ok\n";
  const health = isHealthy
    ? ok("gateway", `${url} responds`)
    : warning("gateway", `${url}/healthz responds with HTTP ${response.status}`, "name the origin of the gateway: --gateway URL");
  return [health, clock(response.headers.get("date"), startedAt, endedAt)];
}

/** @param date of a response, in whole seconds; @param startedAt epoch ms, as endedAt */
export function clock(date: string | null, startedAt: number, endedAt: number): Examination {
  const remote = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(remote)) return skipped("clock", "the response has no Date");
  // The time of the response was written between both readings, and its fraction of a second was cut off.
  const off = remote + 1_000 < startedAt ? startedAt - remote - 1_000 : remote > endedAt ? remote - endedAt : 0;
  if (off <= CLOCK_LIMIT_MS) return ok("clock", "agrees with that of the gateway");
  return failed(
    "clock",
    `${Math.round(off / 1_000)} s ${remote > endedAt ? "behind" : "ahead of"} the gateway`,
    "synchronize it: tokens and signatures are refused otherwise",
  );
}

function lineOf({ name, state, found, fix }: Examination, isColored: boolean): string {
  const color = { ok: 32, warning: 33, failed: 31, skipped: 2 }[state];
  const mark = isColored ? `\u001b[${color}m${MARKS[state]}\u001b[0m` : MARKS[state];
  return `${mark}  ${name.padEnd(13)}  ${found}\n${fix === undefined ? "" : `           fix: ${fix}\n`}`;
}
