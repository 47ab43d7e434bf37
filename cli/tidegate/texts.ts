// What the library prints about wrong arguments: the fact, the value, and the most similar word.
import {
  type ApplicationText,
  type ArgumentParseError,
  ArgumentScannerError,
  type FlagNotFoundError,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";

export const text: ApplicationText = {
  ...text_en,
  headers: { usage: "usage", aliases: "other names", commands: "commands", flags: "flags", arguments: "arguments" },
  keywords: { default: "default", separator: "separator" },
  briefs: {
    ...text_en.briefs,
    help: "show this text",
    version: "show the version of Tidegate",
    argumentEscapeSequence: "what follows is no flag",
  },
  noCommandRegisteredForInput: ({ input, corrections }) =>
    `found no command "${input}"${suggestion(corrections.map((name) => name.replaceAll("`", "")))}`,
  exceptionWhileParsingArguments: (error) => {
    if (!(error instanceof ArgumentScannerError)) return error instanceof Error ? error.message : String(error);
    return formatMessageForArgumentScannerError(error, {
      FlagNotFoundError: ({ input, corrections }: FlagNotFoundError) =>
        `found no flag --${input}${suggestion(corrections.map((name) => `--${name}`))}`,
      ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, input, exception }: ArgumentParseError) =>
        `${/^[a-z]/.test(name) ? "--" : ""}${name}: found "${input}"; ${exception instanceof Error ? exception.message : String(exception)}`,
      EnumValidationError: ({ externalFlagName, input, values }) => `--${externalFlagName}: found "${input}"; write ${values.join(", ")}`,
      UnsatisfiedFlagError: ({ externalFlagName }) => `found no value for --${externalFlagName}`,
      UnsatisfiedPositionalError: ({ placeholder }) => `found no ${placeholder}`,
      UnexpectedPositionalError: ({ input }) => `found "${input}", more arguments than the command takes`,
      UnexpectedFlagError: ({ externalFlagName: name, previousInput, input }) =>
        `--${name}: found ${previousInput} and ${input}; write one`,
      AliasNotFoundError: ({ input }) => `found no flag -${input}`,
    });
  },
};

function suggestion(similar: readonly string[]): string {
  return similar.length === 0 ? "" : `; did you mean ${similar.join(" or ")}?`;
}
