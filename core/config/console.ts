// Settings of the console, the pages at `/_tidegate/`.
import { block, flag, type InputOf, type PolicyOf, setting } from "./setting.ts";

export const CONSOLE_SETTINGS = block({
  enabled: setting(
    flag,
    true,
    "Whether `/_tidegate/` is served, at `admin.host` where there is one. The pages show nothing without a credential. Needs `binding` and `run_worker_first` of `[assets]` as in the shipped wrangler.toml: otherwise the files are served before the gateway decides.",
  ),
});

export type ConsoleInput = InputOf<typeof CONSOLE_SETTINGS>;
export interface ConsolePolicy extends PolicyOf<typeof CONSOLE_SETTINGS> {}
