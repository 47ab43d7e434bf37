// tidegate gen
import { command } from "../define.ts";
import { toggle } from "../flags.ts";

export const gen = command({
  brief: "generate code and the OpenAPI document from the protos",
  text: "Generates protos/gen from protos/: code, descriptors' comments and the OpenAPI document. Where it fails, protos/gen stays as it was.",
  flags: { check: toggle("compare only; the exit code is 1 where a file is not what the protos give") },
  load: async () => (await import("../../gen/gen.ts")).gen,
});
