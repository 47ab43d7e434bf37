// tidegate promote
import { command } from "../define.ts";
import { text } from "../flags.ts";
import { author, gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const promote = command({
  brief: "make the canary live, or give it more callers",
  text: `${TOKEN_TEXT}.`,
  examples: ['--reason "no errors in an hour"', '--canary 25% --reason "more of it"'],
  flags: {
    reason: text("TEXT", "required, for the audit"),
    canary: text("PERCENT", "it stays the canary, with this share of callers"),
    region: text("REGION", "it stays the canary, for all callers of this region"),
    as: author,
    gateway,
  },
  load: async () => (await import("../../control/change.ts")).promote,
});
