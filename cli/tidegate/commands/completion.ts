// tidegate completion install | script
import { command, group } from "../define.ts";
import { toggle } from "../flags.ts";

const shell = { name: "SHELL", brief: "bash, zsh or fish (default: the one of the SHELL variable)", isOptional: true } as const;

export const completion = group("complete commands and flags in bash, zsh and fish", {
  install: command({
    brief: "write the script to the folder that the shell reads",
    args: [shell],
    flags: { remove: toggle("remove it") },
    load: async () => (await import("../completion/install.ts")).installCompletion,
  }),
  script: command({
    brief: "print the script",
    args: [shell],
    load: async () => (await import("../completion/install.ts")).printScript,
  }),
});
