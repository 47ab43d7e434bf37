// tidegate status
import { command } from "../define.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const status = command({
  brief: "which version is live, and what isolates run and refuse",
  text: `${TOKEN_TEXT}.`,
  flags: { gateway },
  load: async () => (await import("../../control/status.ts")).status,
});
