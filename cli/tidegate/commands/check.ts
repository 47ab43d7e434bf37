// tidegate check
import { command } from "../define.ts";
import { text, toggle } from "../flags.ts";

export const check = command({
  brief: "find mistakes in the configuration and the Workers of the project",
  text:
    "Checks gateway.config.ts with the protos, each wrangler.toml and .dev.vars: types, schema, conflicts, upstreams, bindings, migrations, environments, and " +
    "secrets among variables. An error is a Worker that does not start or deploy, a warning something that does not do what it says. With --json, one " +
    "object for each problem: severity, file, line, column, path, message, fix. The exit code is 1 where there is an error.",
  examples: ["", "--strict --env staging", "--json"],
  flags: {
    config: text("FILE", "file that holds the configuration of the gateway (default gateway.config.ts)", { short: "c" }),
    env: text("NAME", "sections [env.NAME] of each wrangler.toml (default: the top level, or CLOUDFLARE_ENV)", { short: "e" }),
    strict: toggle("warnings are errors"),
    skipTypes: toggle("do not compile the TypeScript of the project"),
    online: toggle("call each URL of the configuration once; without it no network is used"),
  },
  load: async () => (await import("../../check/command.ts")).check,
});
