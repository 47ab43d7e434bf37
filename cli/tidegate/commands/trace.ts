// tidegate trace
import { command } from "../define.ts";
import { text, texts } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const trace = command({
  brief: "make one call, and show what each layer of the gateway did with it",
  text: `${TOKEN_TEXT}. The role has to be operator or admin. The call is a real one: what it changes is changed.`,
  examples: ["GET /api/v1/users", 'users.v1.UserService/GetUser --data \'{"id":"usr_1"}\'', "--json GET /api/v1/users"],
  rest: { name: "REQUEST", brief: "METHOD and path, or the name of a unary RPC" },
  flags: {
    data: text("TEXT", "body of the request, sent as application/json; of an RPC, its message", { short: "d" }),
    header: texts("LINE", "header of the request: 'name: value'; may be repeated", { short: "H" }),
    gateway,
    admin: text("URL", "the host of the admin plane, where admin.host names one (default: the gateway)"),
  },
  load: async () => (await import("../../explain/trace.ts")).trace,
});
