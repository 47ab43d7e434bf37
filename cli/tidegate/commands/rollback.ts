// tidegate rollback
import { command } from "../define.ts";
import { text } from "../flags.ts";
import { author, gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const rollback = command({
  brief: "take the canary back, or make the version before the live one live again",
  text: `Keys, purges and overrides of breakers are not versioned: a rollback leaves them as they are. ${TOKEN_TEXT}.`,
  examples: ['--reason "errors of the new limits"', '--to 12 --reason "back to last week"'],
  flags: {
    reason: text("TEXT", "required, for the audit"),
    to: text("VERSION", "a number of `tidegate versions`, or bundled for the configuration of the bundle"),
    as: author,
    gateway,
  },
  load: async () => (await import("../../control/change.ts")).rollback,
});
