// Commands that pass unknown options on to another program, which the library would refuse: they read their arguments themselves.
import { contextOf, type Terminal } from "./context.ts";

/** @returns the exit code; undefined where another command is named, or the help is wanted */
export async function passedOn([name, ...args]: readonly string[], terminal: Terminal): Promise<number | undefined> {
  if (name !== "deploy" || args.some((arg) => /^(--help|-h|--help-all|-H|--version)$/.test(arg))) return undefined;
  const { deploy } = await import("../deploy/deploy.ts");
  return deploy(
    contextOf(terminal, args.includes("--json")),
    args.filter((arg) => arg !== "--json"),
  );
}
