// tidegate doctor
import { command } from "../define.ts";
import { number, text } from "../flags.ts";
import { gateway } from "../gateway-flags.ts";

export const doctor = command({
  brief: "examine this machine and the project, and say how to fix what is wrong",
  text:
    "Examines Node, npm, the installed packages, the login of wrangler, the configuration with its bindings and migrations, missing secrets, the port of the " +
    "local gateway, the clock, and versions. The exit code is 1 where something fails; a warning is something that may be intended.",
  flags: {
    env: text("NAME", "sections [env.NAME] of each wrangler.toml (default: the top level)", { short: "e" }),
    port: number("N", "port of the local gateway", { min: 1, max: 65_535, default: 8_787 }),
    gateway,
  },
  load: async () => (await import("../doctor/doctor.ts")).doctor,
});
