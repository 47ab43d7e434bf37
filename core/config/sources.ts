// Where the values of a policy come from: the path at which each is written, or the default. Recorded while a configuration is parsed, for
// explanations alone: the gateway parses without it, and pays nothing.
import { join, type SourceRecorder } from "./problems.ts";

/** The source of a value that is written nowhere. */
export const DEFAULT_SOURCE = "default";

/** How the settings of a block hold: those that it has, and the others as the block around it has them. */
interface Origin {
  readonly path: string; // path of the block
  readonly outer: object; // the policy of the block around it
  readonly own: readonly string[]; // settings that are not inherited
}

/** `block`: an object of settings. `on`: `true`, which turns on what has defaults of its own. `whole`: any other value. */
type Form = "block" | "on" | "whole";

export class Sources implements SourceRecorder {
  readonly #written = new Map<string, Form>(); // keyed by path
  readonly #origins = new Map<object, Origin>();

  wrote(path: string, value: unknown): void {
    this.#written.set(path, value === true ? "on" : isBlock(value) ? "block" : "whole");
  }

  inherits(policy: object, path: string, outer: object, own: readonly string[] = []): void {
    this.#origins.set(policy, { path, outer, own });
  }

  /**
   * Where a setting that is inherited comes from.
   *
   * @param policy of a route, a service or of all routes, as the parser has returned it
   * @param name   of the setting: `readTimeoutMs`, `retries.max`
   */
  inherited(policy: object, name: string): string {
    const [field = "", ...rest] = name.split(".");
    let origin = this.#origins.get(policy);
    while (origin !== undefined && !origin.own.includes(field)) {
      const path = join(origin.path, field);
      if (this.#written.has(path)) return this.at(rest.reduce(join, path));
      origin = this.#origins.get(origin.outer);
    }
    return DEFAULT_SOURCE;
  }

  /**
   * Where a setting that is not inherited comes from. A value that stands for several settings (`cost: 5`, `retries: false`) is the source
   * of all of them.
   *
   * @param path `services["users.v1.UserService"].breaker.openMs`
   */
  at(path: string): string {
    let source = this.#written.has(path) ? path : DEFAULT_SOURCE;
    // A value that stands for several settings is read as a block of them: their paths are not in the file.
    for (let outer = outerOf(path); outer !== undefined; outer = outerOf(outer)) if (this.#written.get(outer) === "whole") source = outer;
    return source;
  }
}

function isBlock(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The path of the block that has the setting; undefined for a setting at the top. */
function outerOf(path: string): string | undefined {
  return /^(.+)(?:\.[A-Za-z_$][\w$]*|\["(?:[^"\\]|\\.)*"\])$/.exec(path)?.[1];
}
