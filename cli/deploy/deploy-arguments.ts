// The arguments of `npm run deploy`: options for all Workers are passed on to wrangler, options that name one Worker are refused.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CONFIG_FILE } from "../project/configuration.ts";
import { environmentOf } from "../project/environment.ts";

export interface DeployArguments {
  readonly env: string | undefined;
  readonly config: string; // path of the gateway's configuration
  readonly others: readonly string[]; // arguments that wrangler gets for each Worker
  readonly ofGateway: readonly string[]; // arguments that it gets for the gateway alone
  readonly isForced?: true; // an older version of the configuration than the live one is bundled, too
  readonly only: readonly string[]; // names of the Workers that are deployed; none: all of them
  readonly problems: readonly string[];
}

/** Options of `wrangler deploy` that name one Worker or a part of one: every Worker of the project would get the same. */
const SINGLE_WORKER_OPTIONS: ReadonlySet<string> = new Set([
  "name",
  "route",
  "routes",
  "domain",
  "domains",
  "assets",
  "site",
  "script",
  "schedule",
  "schedules",
  "triggers",
  "cwd",
]);

/** Options of `wrangler deploy` that take no value. */
const FLAGS = /^(dry-run|minify|strict|keep-vars|keep-names|bundle|no-bundle|latest|upload-source-maps|metafile|experimental-.*|x-.*)$/;

export function parseDeployArguments(args: readonly string[]): DeployArguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: {
      env: { type: "string", short: "e", multiple: true },
      config: { type: "string", short: "c", multiple: true },
      only: { type: "string" },
      force: { type: "boolean" },
      "secrets-file": { type: "string" },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const problems: string[] = [];
  let isForced = false;
  const ofGateway: string[] = [];
  const only: string[] = [];
  const given = { env: [] as string[], config: [] as string[] };
  const others: string[] = [];
  let last: "option" | "value" = "value";
  for (const token of tokens) {
    if (token.kind === "option" && (token.name === "env" || token.name === "config")) {
      if (token.value === undefined)
        problems.push(`${token.rawName}: found no value; write ${token.rawName} ${token.name === "env" ? "NAME" : "FILE"}`);
      else given[token.name].push(token.value);
      last = "value";
    } else if (token.kind === "option" && token.name === "force") {
      isForced = true;
      last = "value";
    } else if (token.kind === "option" && token.name === "only") {
      const names = (token.value ?? "").split(",").filter((name) => name !== "");
      if (names.length === 0) problems.push(`${token.rawName}: found no value; write ${token.rawName} NAME,...`);
      only.push(...names);
      last = "value";
    } else if (token.kind === "option" && token.name === "secrets-file") {
      if (token.value === undefined) problems.push(`${token.rawName}: found no value; write ${token.rawName} FILE`);
      else ofGateway.push(`${token.rawName}=${resolve(token.value)}`); // the configuration of the gateway names all secrets of the project
      last = "value";
    } else if (token.kind === "option") {
      if (SINGLE_WORKER_OPTIONS.has(token.name))
        problems.push(`${token.rawName}: every Worker of the project would get it; write it in the wrangler.toml of that Worker`);
      others.push(token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`);
      last = token.value === undefined && !FLAGS.test(token.name) ? "option" : "value";
    } else if (token.kind === "positional") {
      if (last === "value") problems.push(`found "${token.value}"; leave it out: every Worker of the project is deployed`);
      others.push(token.value);
      last = "value";
    }
  }
  for (const [name, all] of Object.entries(given)) if (all.length > 1) problems.push(`--${name}: found ${all.join(" and ")}; write one`);
  const config = given.config[0] ?? CONFIG_FILE;
  if (/\.(toml|jsonc?)$/.test(config))
    problems.push(`--config ${config}: --config names the gateway's configuration; write a file such as ${CONFIG_FILE}`);
  return { env: environmentOf(given.env[0]), config, others, ofGateway, only, problems, ...(isForced && { isForced }) };
}
