// How a command is defined: its flags with their types, its arguments, and a loader of what it does. The definition is small, so that help
// and completion load no command.
import { buildCommand, buildRouteMap, type Command, type CommandContext, type RouteMap } from "@stricli/core";
import { type Context, contextOf, type Terminal } from "./context.ts";
import { type Flags, type FlagsOf, toggle } from "./flags.ts";

/** How a command has ended: its exit code, or why it failed. */
export type Outcome = number | { readonly error: unknown };

/** What the library passes on to a command. */
export interface Host extends CommandContext {
  readonly terminal: Terminal;
  end(outcome: Outcome): void;
}

export interface Argument {
  readonly name: string; // in capitals, as the help shows it
  readonly brief: string;
  readonly isOptional?: boolean;
}

/** @returns an exit code; undefined is 0. Throws Failure where the command fails. */
export type Run<F extends Flags> = (context: Context, flags: FlagsOf<F>, args: readonly string[]) => Promise<number> | Promise<void>;

export interface Definition<F extends Flags> {
  readonly brief: string; // one line in the list of commands
  readonly text?: string; // more, in the help of the command
  readonly flags?: F;
  /** In their order; an optional one that is missing is "". */
  readonly args?: readonly Argument[];
  /** Any number of further arguments, in the place of `args`. */
  readonly rest?: Argument;
  readonly examples?: readonly string[]; // without "tidegate" and the name of the command
  readonly load: () => Promise<Run<F>>;
}

const EXAMPLES = new WeakMap<Command<Host>, readonly string[]>();

/** Flags of every command. */
const COMMON = { json: toggle("print the result as JSON") };

/** A command for the table. Every command has --json. */
export function command<const F extends Flags = Record<never, never>>(definition: Definition<F>): Command<Host> {
  const { brief, text, examples = [], args = [], rest, load } = definition;
  const flags: Flags = { ...definition.flags, ...COMMON };
  const parse = (input: string): string => input;
  const parameter = ({ name, brief: meaning, isOptional }: Argument) =>
    ({ parse, placeholder: name, brief: meaning, ...(isOptional === true && { optional: true }) }) as const;
  const positional =
    rest === undefined
      ? { kind: "tuple" as const, parameters: args.map(parameter) }
      : { kind: "array" as const, parameter: parameter({ ...rest, isOptional: false }), minimum: rest.isOptional === true ? 0 : 1 };
  const parameters = {
    flags: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, flag.parameter])),
    aliases: Object.fromEntries(Object.entries(flags).flatMap(([name, { short }]) => (short === undefined ? [] : [[short, name]]))),
    positional,
  };
  const built = buildCommand<Record<string, unknown>, string[], Host>({
    docs: { brief, ...(text !== undefined && { fullDescription: text }) },
    // The library infers types from the function; here they are inferred from the definition.
    parameters: parameters as never,
    loader: async () => {
      const run = await load();
      return async function (this: Host, values: Record<string, unknown>, ...given: string[]) {
        const all = rest === undefined ? args.map((_, index) => given[index] ?? "") : given;
        try {
          const context = contextOf(this.terminal, values["json"] === true);
          this.end((await run(context, withFallbacks(values, flags, context.env) as FlagsOf<F>, all)) ?? 0);
        } catch (error) {
          this.end({ error });
        }
      };
    },
  });
  EXAMPLES.set(built, examples);
  return built;
}

function withFallbacks(values: Readonly<Record<string, unknown>>, flags: Flags, env: Context["env"]): Record<string, unknown> {
  const missing = Object.entries(flags).filter(([name, { fallback }]) => fallback !== undefined && values[name] === undefined);
  return { ...values, ...Object.fromEntries(missing.map(([name, { fallback }]) => [name, fallback!(env)])) };
}

/** Arguments of a command as one would write them. */
export function examplesOf(built: Command<Host>): readonly string[] {
  return EXAMPLES.get(built) ?? [];
}

/** Commands below a name: `tidegate keys issue`. */
export function group<R extends string>(
  brief: string,
  routes: Readonly<Record<R, Command<Host> | RouteMap<Host>>>,
  text?: string,
): RouteMap<Host> {
  return buildRouteMap<R, Host>({ routes, docs: { brief, ...(text !== undefined && { fullDescription: text }) } });
}
