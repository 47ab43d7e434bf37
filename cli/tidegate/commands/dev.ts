// tidegate dev
import { command } from "../define.ts";
import { number, text, toggle } from "../flags.ts";

export const dev = command({
  brief: "run the gateway with its services on this machine",
  text:
    "Runs the gateway and every Worker of workers/services, without an account. Files are watched: what changes is checked first, and what does " +
    "not pass does not replace what runs.",
  flags: {
    port: number("N", "port of the gateway (default 8787; the next free one where that is taken); 0 for any free one", {
      min: 0,
      max: 65_535,
    }),
    host: text("ADDRESS", "address of the gateway (default 127.0.0.1; 0.0.0.0 for all addresses); --ip is the same"),
    ip: text("ADDRESS", "the same as --host"),
    config: text("FILE", "file that holds the configuration of the gateway", { short: "c", default: "gateway.config.ts" }),
    env: text("NAME", "sections [env.NAME] of each wrangler.toml, and .dev.vars.NAME (default: the top level)", { short: "e" }),
    persistTo: text("FOLDER", "folder for the data of services and Durable Objects", { default: ".wrangler/state" }),
    network: text(
      "PROFILE",
      "round trips to Durable Objects and KV: local, same-region (8 ms), continent (25), far (80), world (160), cold-object (8, and 300 while an object starts); with changes: far,jitter=0.2,loss=0.01,seed=7,near=8,kv=50,services=5,cold=300",
    ),
    region: text(
      "REGION",
      "region of the gateway: wnam, enam, weur, eeur, apac-ne, apac-se, oc; its own objects are then 8 ms away at most",
    ),
    verbose: toggle("show each request, and all that the Workers log"),
  },
  load: async () => (await import("../../local/start.ts")).start,
});
