// tidegate purge
import { command } from "../define.ts";
import { texts, toggle } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const purge = command({
  brief: "remove stored responses from the cache of the gateway",
  text: `${TOKEN_TEXT}; or CACHE_TOKEN, which ends with the next version.`,
  examples: ["--tag user:42", "--route users.v1.UserService/GetUser --hard"],
  flags: {
    tag: texts("TAG", "responses with this tag; --tag, --route and --key may be repeated"),
    route: texts("NAME", "responses of this method, users.v1.UserService/GetUser, or of this HTTP route, by its prefix"),
    key: texts("PATH", "responses to this resource: path and query"),
    all: toggle("every response"),
    hard: toggle("remove at once; without it they are revalidated first, and serve where the upstream fails"),
    gateway,
  },
  load: async () => (await import("../../admin/purge.ts")).purge,
});
