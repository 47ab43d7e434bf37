// tidegate versions
import { command } from "../define.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const versions = command({
  brief: "the stored versions of the configuration, and who has changed what",
  text: `${TOKEN_TEXT}.`,
  flags: { gateway },
  load: async () => (await import("../../control/status.ts")).versions,
});
