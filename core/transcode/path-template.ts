// The path template of an HTTP rule: parsed once, refused with the column and the fix where it is not legal.
//   Template = "/" Segments [ Verb ] ;           Segments = Segment { "/" Segment } ;
//   Segment  = "*" | "**" | LITERAL | Variable ; Variable = "{" FieldPath [ "=" Segments ] "}" ;
//   FieldPath = IDENT { "." IDENT } ;            Verb     = ":" LITERAL { ":" LITERAL } ;
import { literalForm } from "./escape.ts";

export interface PathTemplate {
  readonly text: string; // the template as written
  readonly segments: readonly string[]; // `*`, `**`, or a literal with its reserved characters encoded
  readonly verb: string; // encoded in the same way; empty if there is none
  readonly variables: readonly PathVariable[]; // from left to right
}

/** A variable and its segments, [start, end). */
export interface PathVariable {
  readonly field: string; // `a.b`
  readonly start: number;
  readonly end: number; // -1 if it ends with `**`, which matches all remaining segments
}

export type ParsedTemplate =
  | { readonly kind: "ok"; readonly template: PathTemplate }
  | { readonly kind: "invalid"; readonly column: number; readonly problem: string; readonly fix: string }; // column from 1

const FIELD_PATH = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const LITERAL = /(?:[A-Za-z0-9\-._~!$&'()+,;=@]|%[0-9A-Fa-f]{2})+/y;
const WILDCARD = /\*\*?/y;

/**
 * Parses a template, in one pass from left to right.
 *
 * @returns the template, or its first problem
 * @see google/api/http.proto, "Path template syntax"
 */
export function parseTemplate(text: string): ParsedTemplate {
  const segments: string[] = [];
  const variables: PathVariable[] = [];
  let verb = "";
  let open: { readonly field: string; readonly start: number } | undefined; // the variable that is being read
  let at = 0;

  const take = (token: string): boolean => {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const read = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const literal = (): string | undefined => {
    const found = read(LITERAL);
    return found && literalForm(found);
  };
  const refuse = (problem: string, fix: string): ParsedTemplate => ({ kind: "invalid", column: at + 1, problem, fix });
  const close = (): boolean => {
    if (open === undefined || !take("}")) return false;
    variables.push({ ...open, end: segments.at(-1) === "**" ? -1 : segments.length });
    open = undefined;
    return true;
  };

  if (!take("/")) return refuse("a template starts with a slash", 'write "/" first');
  do {
    if (segments.at(-1) === "**") return refuse('segments after "**"', 'make "**" the last segment: only a verb may follow it');
    if (open === undefined && take("{")) {
      const field = read(FIELD_PATH);
      if (field === undefined) return refuse("a variable without a field", 'name a field of the request, such as "{user.id}"');
      if (variables.some((variable) => variable.field === field)) return refuse(`"${field}" for the second time`, "bind a field once");
      open = { field, start: segments.length };
      if (!take("=")) {
        segments.push("*"); // `{var}` is equivalent to `{var=*}`
        if (close()) continue;
        break;
      }
    }
    if (text[at] === "{") return refuse("a variable within a variable", "name one field for all these segments");
    const segment = read(WILDCARD) ?? literal();
    if (segment === undefined) return refuse("no segment", 'write a literal, "*", "**" or a variable');
    segments.push(segment);
    close();
  } while (take("/"));

  if (open !== undefined) return refuse(`variable "${open.field}" is not closed`, 'write "}" after its segments');
  if (take(":")) {
    const parts: string[] = [];
    do {
      const part = literal();
      if (part === undefined) return refuse("no verb", 'write a literal after ":", or remove the ":"');
      parts.push(part);
    } while (take(":"));
    verb = parts.join("%3A"); // the form in which literals are compared
  }
  if (at < text.length) return refuse(`unexpected "${text[at]}"`, 'put "/" between segments and percent-encode other characters');
  return { kind: "ok", template: { text, segments, verb, variables } };
}
