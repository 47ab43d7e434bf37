// `tidegate`: runs the command that the arguments name. Exit codes: 0 done, 1 failed or different, 2 wrong usage.
import { pathToFileURL } from "node:url";
import { run } from "@stricli/core";
import { app, root } from "./app.ts";
import { complete } from "./completion/complete.ts";
import { jsonText, showsColor, type Terminal } from "./context.ts";
import type { Host, Outcome } from "./define.ts";
import { Failure, helpHint, problemText, wrongUsage } from "./failure.ts";
import { entriesOf, type HelpTarget } from "./help.ts";
import { passedOn } from "./passed-on.ts";

const HELP = /^(--help|-h|--version)$/;

/** @returns the exit code */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let outcome: Outcome | undefined;
  let complaint = "";
  const host: Host = {
    terminal,
    process: {
      stdout: {
        write: (text) => void terminal.stdout.write(text),
        getColorDepth: () => (showsColor(terminal.stdout, terminal.env) ? 4 : 1),
      },
      stderr: {
        write: (text) => {
          complaint += text;
        },
      },
    },
    end: (ended) => {
      outcome = ended;
    },
  };
  try {
    outcome = (await complete(app, args, host, terminal)) ?? (await passedOn(args, terminal));
    if (outcome === undefined) requireCommand(args);
    if (outcome === undefined) await run(app, args, host as never);
  } catch (error) {
    outcome = { error };
  }
  if (complaint !== "") outcome = { error: new Failure({ what: complaint.trim(), fix: helpHint(namesIn(args).join(" ")) }, 2) };
  return typeof outcome === "object" ? report(outcome.error, args, terminal) : (outcome ?? 0);
}

/** @throws Failure for the name of a group alone; the library prints its help, and reports success */
function requireCommand(args: readonly string[]): void {
  const names = namesIn(args);
  const target = targetOf(names);
  const next = args[names.length];
  if (!("getAllEntries" in target) || (names.length === 0 && next === undefined)) return;
  if (next !== undefined && (!next.startsWith("-") || HELP.test(next))) return;
  const known = entriesOf(target).map(({ name }) => name);
  throw wrongUsage("found no command", names.join(" "), `write ${known.join(", ")}`);
}

function targetOf(names: readonly string[]): HelpTarget {
  return names.reduce<HelpTarget>(
    (target, name) => ("getAllEntries" in target ? (target.getRoutingTargetForInput(name) ?? target) : target),
    root,
  );
}

/** The names of the command at the beginning of the arguments, for the hint to its help. */
function namesIn(args: readonly string[]): string[] {
  const names: string[] = [];
  for (let target: HelpTarget = root; "getRoutingTargetForInput" in target && names.length < args.length; ) {
    const next = target.getRoutingTargetForInput(args[names.length]!);
    if (next === undefined) break;
    names.push(args[names.length]!);
    target = next;
  }
  return names;
}

/** @returns the exit code of a failed command, after its error has been printed: as JSON on the standard output under --json */
function report(error: unknown, args: readonly string[], { stdout, stderr, env }: Terminal): number {
  const failure = error instanceof Failure ? error : new Failure(error instanceof Error ? error.message : String(error));
  if (args.includes("--json")) stdout.write(`${jsonText({ error: failure.problem })}\n`);
  else stderr.write(`${problemText(failure.problem, showsColor(stderr, env))}\n`);
  if (env["TIDEGATE_DEBUG"] && error instanceof Error) stderr.write(`${error.stack}\n`);
  return failure.code;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  // A reader that ends early (`tidegate ... | head`) ends the command.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  process.exitCode = await main(process.argv.slice(2), process);
}
