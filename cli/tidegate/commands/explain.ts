// tidegate explain
import { command } from "../define.ts";
import { text } from "../flags.ts";

export const explain = command({
  brief: "show what the gateway does with a request: policy, sources, layers",
  text:
    "Compiles the configuration of the project as the gateway does, and sends nothing. Each value is shown with its source: the path in gateway.config.ts, " +
    "or default. The exit code is 1 where the request is refused.",
  examples: ["GET /api/v1/users/usr_1", "users.v1.UserService/GetUser", "--json GET /api/v1/users"],
  rest: { name: "REQUEST", brief: "METHOD and path, or the name of an RPC" },
  flags: {
    config: text("FILE", "file that holds the configuration of the gateway (default gateway.config.ts)", { short: "c" }),
    env: text("NAME", "sections [env.NAME] of wrangler.toml (default: the top level, or CLOUDFLARE_ENV)", { short: "e" }),
  },
  load: async () => (await import("../../explain/explain.ts")).explain,
});
