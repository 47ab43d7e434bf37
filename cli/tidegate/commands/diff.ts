// tidegate diff
import { command } from "../define.ts";
import { text } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const diff = command({
  brief: "what differs between a version and gateway.config.ts; exit code 1 where they differ",
  text: `${TOKEN_TEXT}.`,
  args: [{ name: "VERSION", brief: "number of a version (default: the live one)", isOptional: true }],
  flags: {
    config: text("FILE", "file that holds the configuration", { short: "c", default: "gateway.config.ts" }),
    gateway,
  },
  load: async () => (await import("../../control/diff.ts")).diff,
});
