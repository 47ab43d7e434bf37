// tidegate top
import { command } from "../define.ts";
import { number, toggle } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const top = command({
  brief: "what the gateway does at present: slow endpoints, limited callers, cache hits, open breakers, running configuration",
  text: `Shows the figures of the last seconds, over all isolates and regions. ${TOKEN_TEXT}; a gateway of \`tidegate dev\` on this machine needs none.`,
  args: [
    {
      name: "VIEW",
      brief: "one table alone: routes, endpoints, limits, cache, breakers, configuration or reasons",
      isOptional: true,
    },
  ],
  examples: ["", "endpoints", "limits --window 300", "breakers --json", "--watch"],
  flags: {
    window: number("SECONDS", "time that the figures are of", { min: 10, max: 300, default: 60 }),
    rows: number("N", "rows of each table", { min: 1, max: 1_000, default: 20 }),
    watch: toggle("show them again every two seconds"),
    gateway,
  },
  load: async () => (await import("../../telemetry/top.ts")).top,
});
