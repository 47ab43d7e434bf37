// tidegate deploy
import { command } from "../define.ts";
import { text, toggle } from "../flags.ts";

export const deploy = command({
  brief: "deploy the Durable Objects, the services, then the gateway",
  text:
    "Deploys the Durable Objects, then every Worker of workers/services after those that it is bound to, then the gateway (`wrangler login` first). " +
    "A deploy of the Durable Objects restarts all of them. Every other option is one of `wrangler deploy`, for all Workers: " +
    "https://developers.cloudflare.com/workers/wrangler/commands/#deploy. Options that name one Worker (--name, --route, --domain, --assets, ...) " +
    "are refused: write them in its wrangler.toml.",
  flags: {
    dryRun: toggle("build everything, and send nothing"),
    env: text(
      "NAME",
      "sections [env.NAME] of each wrangler.toml (default: the top level, which is production, or CLOUDFLARE_ENV). Refused where one of them names a Worker, route or namespace of another environment",
      { short: "e" },
    ),
    config: text("FILE", "file that holds the configuration of the gateway (default gateway.config.ts)", { short: "c" }),
    only: text("NAME,...", "deploy these Workers alone, by their names in wrangler.toml: --only tidegate for the gateway"),
    force: toggle(
      "deploy a gateway whose bundled configuration is an older version than the live one; compared where TIDEGATE_GATEWAY and ADMIN_TOKEN are set",
    ),
    secretsFile: text("FILE", "secrets of the gateway (NAME=value lines, or JSON), uploaded with it"),
  },
  // Its options are read by cli/deploy/deploy-arguments.ts: unknown ones are passed on.
  load: async () => async () => {
    throw new Error("deploy reads its own arguments");
  },
});
