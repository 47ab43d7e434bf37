// A planted mistake as data: what is changed in a project that is right, and what `check` has to say about it.
import type { Severity } from "../../../../cli/check/finding.ts";
import type { Change } from "./project-in-process.ts";

export interface Mistake {
  readonly name: string; // completes "check finds ..."
  readonly files: Readonly<Record<string, Change>>;
  readonly file: string;
  readonly path: string;
  readonly message: string; // words of the message
  readonly fix: string; // words of the fix
  readonly severity?: Severity; // default "error"
  readonly at?: string; // text of the line that the finding names; default: any line
}

/** A configuration with the services as they ship, and other settings. */
export function gateway(fields: string): Readonly<Record<string, string>> {
  return {
    "gateway.config.ts": `import { defineGateway } from "./core/config/gateway.ts";\n\nexport default defineGateway({\n${indented(fields)}\n});\n`,
  };
}

/** One service alone, with settings of its own. */
export function users(settings: string, top = ""): Readonly<Record<string, string>> {
  return gateway(
    `${top === "" ? "" : `${top},\n`}services: {\n  "users.v1.UserService": {\n    upstream: { binding: "USERS" },\n${indented(settings, 4)}\n  },\n}`,
  );
}

function indented(text: string, spaces = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));
}
