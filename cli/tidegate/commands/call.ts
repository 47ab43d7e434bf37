// tidegate call
import { command } from "../define.ts";
import { choice, number, texts, toggle } from "../flags.ts";
import { gateway } from "../gateway-flags.ts";

export const call = command({
  brief: "call an RPC through the gateway, in any of its protocols",
  text:
    "Calls a method with a request in JSON, and prints the response in JSON; the messages of a stream are printed as they come, one a line. The protos are " +
    "requested from the gateway (reflection), or with --local built from protos/ of the project. Without BODY the request is {}. A stream of requests is " +
    "JSON values one after the other. Where TIDEGATE_TOKEN is set, it is sent as a bearer token.",
  args: [
    { name: "METHOD", brief: "as in users.v1.UserService/GetUser" },
    { name: "BODY", brief: "JSON, @FILE, or - for the standard input", isOptional: true },
  ],
  examples: [`users.v1.UserService/GetUser '{"id":"01J"}'`, "users.v1.UserService/ListUsers --protocol rest"],
  flags: {
    protocol: choice(["connect", "grpc-web", "rest"], "protocol of the call; rest needs a google.api.http rule", { default: "connect" }),
    header: texts("NAME:VALUE", "header of the call; may be repeated", { short: "H" }),
    timeout: number("SECONDS", "deadline of the call, sent to the gateway, too", { min: 0.001, max: 86_400, isWhole: false }),
    local: toggle("build the protos of the project, in the place of reflection"),
    gateway,
  },
  load: async () => (await import("../call/call.ts")).call,
});
