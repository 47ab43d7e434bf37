// Blocks of settings as the version before had them. A block that is written alike, within the same settings, is parsed as it was: the same
// object, so that all that was made of it holds, too. Versions of a large configuration differ in few of their blocks.
import type { Checks } from "./problems.ts";
import type { RateLimitRule } from "./rate-limit.ts";
import type { Rules } from "./route-limits.ts";
import { sameSettings } from "./same-settings.ts";

interface ParsedBlock {
  readonly written: unknown;
  readonly around: readonly unknown[];
  readonly rules: ReadonlyMap<string, RateLimitRule | undefined>; // those that were looked up, by name
  readonly inner: Blocks; // those within it
  readonly value: unknown;
}

type Blocks = ReadonlyMap<string, ParsedBlock>; // keyed by path

const NO_RULES: Rules = new Map();
const NONE: Blocks = new Map();

export class ParsedBlocks {
  readonly #same: typeof sameSettings;
  #all: Blocks = NONE; // those of the latest valid configuration
  #known: Blocks = NONE; // the ones within the block that is being parsed
  #read = new Map<string, ParsedBlock>(); // those that have been parsed there

  /** @param same compares what is written, the settings around it, and rules; tests have worse ones */
  constructor(same = sameSettings) {
    this.#same = same;
  }

  /** Another configuration is going to be parsed. */
  begin(): void {
    this.#known = this.#all;
    this.#read = new Map();
  }

  /** The configuration is valid: its blocks are what the next one is compared with. */
  end(): void {
    this.#all = this.#read;
    this.begin();
  }

  /**
   * The value of a block. Blocks with a problem are parsed each time. Blocks within blocks are compared where the outer one has changed.
   *
   * @param around all that the block depends on, beside what is written and the rules that it looks up
   * @param rules  of which `parse` has to take those that it is given: they are the same, and are remembered
   */
  read<T>(
    check: Checks,
    path: string,
    written: unknown,
    around: readonly unknown[],
    parse: (rules: Rules) => T,
    rules: Rules = NO_RULES,
  ): T {
    const known = this.#known.get(path);
    if (known !== undefined && this.#holds(known, written, around, rules)) {
      this.#read.set(path, known);
      return known.value as T; // blocks of one path are of one type
    }
    const used = new Map<string, RateLimitRule | undefined>();
    const recorded: Rules = {
      keys: () => rules.keys(),
      get(name) {
        const rule = rules.get(name);
        used.set(name, rule);
        return rule;
      },
    };
    const { length } = check.problems;
    const outer = { known: this.#known, read: this.#read };
    this.#known = known?.inner ?? NONE;
    this.#read = new Map();
    const value = parse(recorded);
    if (check.problems.length === length) outer.read.set(path, { written, around, rules: used, inner: this.#read, value });
    this.#known = outer.known;
    this.#read = outer.read;
    return value;
  }

  #holds(known: ParsedBlock, written: unknown, around: readonly unknown[], rules: Rules): boolean {
    for (const [name, rule] of known.rules) if (!this.#same(rules.get(name), rule)) return false;
    return this.#same(known.around, around) && this.#same(known.written, written);
  }
}
