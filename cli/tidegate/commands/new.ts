// tidegate new service
import { command, group } from "../define.ts";
import { text, toggle } from "../flags.ts";

export const new_ = group("add a part to the project", {
  service: command({
    brief: "add a service: proto, Worker, test, and its lines in the gateway's files",
    text:
      "Adds a service on Workers: protos/, workers/services/NAME with a test, its line in workers/services/catalog.ts, its binding in wrangler.toml " +
      "(also in each environment), and its upstream in gateway.config.ts; then generates its code. Where one of these cannot be changed, nothing is.",
    args: [{ name: "NAME", brief: "in lower case, with hyphens: billing, user-profiles" }],
    examples: ["billing", "billing --package acme.v1"],
    flags: {
      package: text("NAME", "package of the proto, with its version (default NAME.v1)"),
      dryRun: toggle("print what would be written, and write nothing"),
    },
    load: async () => (await import("../new/service.ts")).newService,
  }),
});
