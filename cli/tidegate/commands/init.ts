// tidegate init
import { command } from "../define.ts";
import { text, toggle } from "../flags.ts";

export const init = command({
  brief: "create a project in a new folder",
  text: "Creates a project as `npm create tidegate` does: a gateway, one service with its proto and test, environments, and a CI example. On a terminal it prompts for a NAME that is missing.",
  args: [{ name: "NAME", brief: "name of the folder and of the gateway's Worker, as in my-api", isOptional: true }],
  examples: ["my-api"],
  flags: {
    yes: toggle("prompt for nothing"),
    tidegate: text("VERSION", "version of the package tidegate, or a path or tarball as file:... (default: the version of this command)"),
    noInstall: toggle("write the files, and leave `npm install` and the generated code to you"),
  },
  load: async () => (await import("../init/init.ts")).init,
});
