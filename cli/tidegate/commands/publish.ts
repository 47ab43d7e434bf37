// tidegate publish
import { command } from "../define.ts";
import { text, toggle } from "../flags.ts";
import { author, gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const publish = command({
  brief: "make gateway.config.ts the live version, or the canary, while the gateway runs",
  text: `The gateway compiles the version first, and refuses one that it cannot serve. ${TOKEN_TEXT}.`,
  examples: ['--reason "longer deadline for reports"', '--canary 5% --reason "try the new limits"'],
  flags: {
    reason: text("TEXT", "required, for the audit"),
    canary: text("PERCENT", "serve it to this share of callers only: 5%"),
    region: text("REGION", "serve it to all callers of this region, as in weur, beside the share"),
    config: text("FILE", "file that holds the configuration", { short: "c", default: "gateway.config.ts" }),
    dryRun: toggle("let the gateway compile it, and publish nothing"),
    as: author,
    gateway,
  },
  load: async () => (await import("../../control/publish.ts")).publish,
});
