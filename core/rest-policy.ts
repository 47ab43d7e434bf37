// How REST is read and written, as an operator sets it.
import { type Checks, join } from "./parse.ts";

/** Switches of transcoding, all false but `inferUpdateMask`. */
export interface RestInput {
  readonly ignoreUnknownQuery?: boolean;
  readonly caseInsensitiveEnums?: boolean;
  readonly inferUpdateMask?: boolean;
  readonly printDefaults?: boolean;
  readonly enumsAsNumbers?: boolean;
  readonly protoFieldNames?: boolean;
}

const FIELDS = [
  "ignoreUnknownQuery",
  "caseInsensitiveEnums",
  "inferUpdateMask",
  "printDefaults",
  "enumsAsNumbers",
  "protoFieldNames",
] as const;

export function parseRest(check: Checks, path: string, value: unknown): RestInput {
  const fields = check.fields(path, value, FIELDS);
  const flags = FIELDS.map(
    (name) => [name, check.oneOf(join(path, name), fields[name], [true, false], name === "inferUpdateMask")] as const,
  );
  return Object.fromEntries(flags);
}
