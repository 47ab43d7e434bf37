// How REST is read and written, as an operator sets it.
import type { Checks } from "./parse.ts";

/** Switches of transcoding, all false but `inferUpdateMask`. */
export interface RestInput {
  readonly ignoreUnknownQuery?: boolean;
  readonly caseInsensitiveEnums?: boolean;
  readonly inferUpdateMask?: boolean;
  readonly printDefaults?: boolean;
  readonly enumsAsNumbers?: boolean;
  readonly protoFieldNames?: boolean;
}

const REST_FIELDS = [
  "ignoreUnknownQuery",
  "caseInsensitiveEnums",
  "inferUpdateMask",
  "printDefaults",
  "enumsAsNumbers",
  "protoFieldNames",
] as const;

export function parseRest(check: Checks, value: unknown): RestInput {
  const fields = check.fields("rest", value, REST_FIELDS);
  const flags = REST_FIELDS.map(
    (name) => [name, check.oneOf(`rest.${name}`, fields[name], [true, false], name === "inferUpdateMask")] as const,
  );
  return Object.fromEntries(flags);
}
