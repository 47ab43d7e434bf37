// tidegate audit
import { command } from "../define.ts";
import { number, toggle } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const audit = command({
  brief: "list what has been changed through the admin services, and by whom",
  text: `${TOKEN_TEXT}.`,
  flags: {
    denied: toggle("calls that were denied, in the place of changes"),
    limit: number("N", "events, the latest first", { min: 1, max: 10_000, default: 50 }),
    gateway,
  },
  load: async () => (await import("../../admin/audit.ts")).audit,
});
