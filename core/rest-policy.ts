// How REST requests are read and answers written, as an operator sets it.
import type { Checks } from "./parse.ts";

/** Switches of transcoding, all false but `inferUpdateMask`; and what becomes of rules that cannot be served. */
export interface RestInput {
  /**
   * What an HTTP rule of a proto does that is illegal, or that this gateway cannot serve: "skip" leaves the rule out with a warning,
   * "refuse" makes it a mistake in the configuration. Default "skip". Rules of `http` in this file are always refused.
   */
  readonly onUnsupportedRule?: "refuse" | "skip";
  readonly ignoreUnknownQuery?: boolean;
  readonly caseInsensitiveEnums?: boolean;
  readonly inferUpdateMask?: boolean;
  readonly printDefaults?: boolean;
  readonly enumsAsNumbers?: boolean;
  readonly protoFieldNames?: boolean;
}

export interface RestPolicy extends Omit<RestInput, "onUnsupportedRule"> {
  readonly onUnsupportedRule: "refuse" | "skip";
}

const REST_FLAGS = [
  "ignoreUnknownQuery",
  "caseInsensitiveEnums",
  "inferUpdateMask",
  "printDefaults",
  "enumsAsNumbers",
  "protoFieldNames",
] as const;

export function parseRest(check: Checks, value: unknown): RestPolicy {
  const fields = check.fields("rest", value, [...REST_FLAGS, "onUnsupportedRule"]);
  const flags = REST_FLAGS.map(
    (name) => [name, check.oneOf(`rest.${name}`, fields[name], [true, false], name === "inferUpdateMask")] as const,
  );
  const onUnsupportedRule = check.oneOf("rest.onUnsupportedRule", fields["onUnsupportedRule"], ["refuse", "skip"], "skip");
  return { ...Object.fromEntries(flags), onUnsupportedRule };
}
