// tidegate register
import { command } from "../define.ts";
import { number, text } from "../flags.ts";
import { gateway, TOKEN_TEXT } from "../gateway-flags.ts";

export const register = command({
  brief: "register a server with the gateway, until this command ends",
  text:
    "Registers a server with the gateway's registry, renews its lease, and deregisters it at the end (Ctrl-C). " +
    `${TOKEN_TEXT}; or REGISTRY_TOKEN, which ends with the next version.`,
  examples: ["--service users.v1.UserService --url https://users-1.example"],
  flags: {
    service: text("NAME", "full name of the service; its upstream has registry: true in gateway.config.ts"),
    url: text("URL", "address of this server, as the gateway reaches it"),
    gateway,
    id: text("NAME", "unique in the service (default: host name and port)"),
    weight: number("N", "share of the calls, 1 to 1000", { min: 1, max: 1_000, default: 1 }),
    priority: number("N", "0 to 15; a higher number gets calls only where no lower one is left", { min: 0, max: 15, default: 0 }),
    zone: text("NAME", "location of the server", { default: "" }),
    lease: number("SECONDS", "the endpoint is removed after this time without a renewal", {
      ...{ min: 0.1, max: 999_999, isWhole: false, default: 15 },
    }),
    drain: number("SECONDS", "at the end: time without new calls before the endpoint is removed", {
      ...{ min: 0, max: 999_999, isWhole: false, default: 5 },
    }),
  },
  load: async () => (await import("../../admin/register.ts")).register,
});
