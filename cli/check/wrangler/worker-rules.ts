// Settings of one Worker: its compatibility date and flags, its address, its assets, and names that wrangler does not know.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { suggest } from "../../../core/config/problems.ts";
import type { Finding } from "../finding.ts";
import { inFile, levelsOf, setting, type Table, tableOf, textOf, type WranglerFile } from "./wrangler-file.ts";
import { knownSettings, unknownFields } from "./wrangler-schema.ts";

/** Workers RPC, by which the gateway calls its Durable Objects. @see developers.cloudflare.com/workers/configuration/compatibility-flags, rpc */
const OLDEST_DATE = "2024-04-03";

/** @param today `2026-11-30` */
export function workerFindings(file: WranglerFile, gateway: WranglerFile | undefined, today: string): Finding[] {
  return levelsOf(file).flatMap(([env, level]) => [
    ...date(file, env, level, gateway, today),
    ...flags(file, env, level),
    ...address(file, env, level),
    ...assets(file, env, level),
    ...unknown(file, env, level),
  ]);
}

function date(file: WranglerFile, env: string | undefined, level: Table, gateway: WranglerFile | undefined, today: string): Finding[] {
  const path = setting(env, "compatibility_date");
  const written = level["compatibility_date"];
  const usual = textOf(gateway?.top["compatibility_date"]) || today;
  if (written === undefined)
    return env === undefined ? [inFile(file, "error", path, "no compatibility_date", `write compatibility_date = "${usual}"`)] : [];
  const text = written instanceof Date ? written.toISOString().slice(0, 10) : String(written);
  if (!/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text))
    return [inFile(file, "error", path, `"${text}", which is no date`, `write compatibility_date = "${usual}"`)];
  if (text > today)
    return [inFile(file, "error", path, `"${text}", a date to come`, `write compatibility_date = "${usual < today ? usual : today}"`)];
  if (text < OLDEST_DATE)
    return [
      inFile(
        file,
        "error",
        path,
        `"${text}", before ${OLDEST_DATE}: the runtime of that date has no calls between Workers`,
        `write compatibility_date = "${usual}"`,
      ),
    ];
  return [];
}

function flags(file: WranglerFile, env: string | undefined, level: Table): Finding[] {
  const written = level["compatibility_flags"];
  const path = setting(env, "compatibility_flags");
  if (file.role !== "gateway" || (env !== undefined && written === undefined)) return []; // inherited
  if (Array.isArray(written) && written.includes("enable_request_signal")) return [];
  const fix = 'write compatibility_flags = ["enable_request_signal"]';
  return [inFile(file, "warning", path, 'no "enable_request_signal": where a caller hangs up, its call of the upstream goes on', fix)];
}

/** Routes and workers_dev are inherited by environments. */
function address(file: WranglerFile, env: string | undefined, level: Table): Finding[] {
  const all = { ...(env === undefined ? {} : file.top), ...level };
  const hasRoute = (Array.isArray(all["routes"]) && all["routes"].length > 0) || all["route"] !== undefined;
  const path = setting(env, "workers_dev");
  const isOpen = all["workers_dev"] === true;
  if (file.role === "objects" && (isOpen || hasRoute))
    return [
      inFile(
        file,
        "warning",
        hasRoute && !isOpen ? setting(env, "routes") : path,
        "a public address for the Durable Objects, which only the gateway calls",
        "write workers_dev = false, and no route",
      ),
    ];
  if (file.role === "objects" && all["workers_dev"] === undefined && env === undefined)
    return [inFile(file, "warning", path, "no workers_dev: the Durable Objects get a public address", "write workers_dev = false")];
  if (file.role === "gateway" && all["workers_dev"] === false && !hasRoute)
    return [
      inFile(
        file,
        "warning",
        path,
        "workers_dev = false and no route: no caller reaches the gateway",
        'write a route: routes = [{ pattern = "api.example.com", custom_domain = true }]',
      ),
    ];
  return [];
}

function assets(file: WranglerFile, env: string | undefined, level: Table): Finding[] {
  const directory = tableOf(level["assets"])["directory"];
  if (typeof directory !== "string" || existsSync(join(dirname(file.file), directory))) return [];
  const path = env === undefined ? "[assets] directory" : `[env.${env}.assets] directory`;
  return [
    inFile(
      file,
      "error",
      path,
      `directory = "${directory}", which is no folder`,
      "create it, or correct the path, which is relative to this file",
    ),
  ];
}

/** A misspelt table is ignored by wrangler, with all that is in it. */
function unknown(file: WranglerFile, env: string | undefined, level: Table): Finding[] {
  const known = knownSettings();
  if (known === undefined) return [];
  const names = Object.keys(level).filter((name) => !known.includes(name));
  const top = names.map((name) => {
    const isTable = typeof level[name] === "object";
    const path = isTable
      ? Array.isArray(level[name])
        ? `[[${env === undefined ? "" : `env.${env}.`}${name}]]`
        : `[${env === undefined ? "" : `env.${env}.`}${name}]`
      : setting(env, name);
    return inFile(
      file,
      "warning",
      path,
      `"${name}", which wrangler does not know and ignores`,
      `write ${nearest(name, known)}, or remove it`,
    );
  });
  return [
    ...top,
    ...unknownFields(level).map(({ section, name, binding, known: fields }) => {
      const header = `[[${env === undefined ? "" : `env.${env}.`}${section}]]`;
      return inFile(
        file,
        "warning",
        `${header} ${binding || name}`,
        `"${name}", which wrangler does not know there and ignores`,
        `write ${nearest(name, fields)}, or remove it`,
      );
    }),
  ];
}

function nearest(name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  return near.startsWith('"') ? near : "a setting of its documentation";
}
