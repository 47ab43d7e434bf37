// tidegate import openapi
import { command, group } from "../define.ts";
import { text, toggle } from "../flags.ts";

export const import_ = group("make protos from the description of an existing API", {
  openapi: command({
    brief: "protos with REST rules from an OpenAPI document",
    text:
      "Writes a proto with a service, messages and google.api.http rules for the operations of an OpenAPI document (3.0 or 3.1, JSON or YAML). JSON stays as " +
      "the document describes it; what has no counterpart in a proto is a comment at its place, and is printed. Next: tidegate gen, and the upstream in gateway.config.ts.",
    args: [{ name: "FILE", brief: "the document; - for the standard input" }],
    examples: ["openapi.yaml", "openapi.json --package acme.billing.v1"],
    flags: {
      package: text("NAME", "package of the proto, with its version (default: from the title of the document)"),
      out: text("FOLDER", "root folder of the protos", { default: "protos" }),
      force: toggle("replace a proto that is there"),
      dryRun: toggle("print the proto, and write nothing"),
    },
    load: async () => (await import("../import/openapi.ts")).importOpenapi,
  }),
});
