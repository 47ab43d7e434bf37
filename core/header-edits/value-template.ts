// Values of header fields that a configuration writes: text with placeholders for facts of a call and for secrets.

/** Facts of a call that a value may have. `request.host` is the host of its URL; `auth.*` are undefined for an anonymous caller. */
export const CALL_FACTS = [
  "request.id",
  "request.host",
  "client.address",
  "route.name",
  "auth.principal",
  "auth.subject",
  "auth.owner",
  "auth.plan",
] as const;
export type CallFact = (typeof CALL_FACTS)[number];

/** Text stands as it is written; the other parts are replaced for each call, or once, when the configuration loads (`secret`). */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "fact"; readonly fact: CallFact }
  | { readonly kind: "secret"; readonly name: string };

export interface ValueTemplate {
  readonly text: string; // the text of the configuration: names of secrets, never their values
  readonly parts: readonly TemplatePart[];
}

export type ParsedValue = { readonly kind: "ok"; readonly template: ValueTemplate } | { readonly kind: "invalid"; readonly fix: string };

/** Longest value as it is written, in characters. */
export const MAX_VALUE_LENGTH = 1_024;
const MAX_PLACEHOLDERS = 8;
/** Visible ASCII, with single or more spaces between. */
const VISIBLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const TOKEN = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;
/** Whoever may write a configuration sends these to an upstream of its choice: the gateway's own secrets have other names. */
const SECRET = /^secret\.(UPSTREAM_\w{1,64})$/;

/** @returns the value, or what to write instead. `{{` and `}}` stand for braces. */
export function parseTemplate(text: string): ParsedValue {
  if (text.length > MAX_VALUE_LENGTH || !VISIBLE.test(text))
    return invalid(`write 1 to ${MAX_VALUE_LENGTH} visible ASCII characters, with spaces between them alone`);
  const parts: TemplatePart[] = [];
  let plain = "";
  let end = 0;
  const endText = (): void => {
    if (plain !== "") parts.push({ kind: "text", text: plain });
    plain = "";
  };
  for (const { 0: token, 1: name, index } of text.matchAll(TOKEN)) {
    plain += text.slice(end, index);
    end = index + token.length;
    if (token === "{{" || token === "}}") {
      plain += token[0];
      continue;
    }
    const part = name === undefined ? undefined : placeholder(name);
    if (part === undefined) return invalid(`write ${PLACEHOLDERS}, or {{ and }} for braces`);
    endText();
    parts.push(part);
  }
  plain += text.slice(end);
  endText();
  if (parts.filter(({ kind }) => kind !== "text").length > MAX_PLACEHOLDERS)
    return invalid(`write at most ${MAX_PLACEHOLDERS} placeholders`);
  return { kind: "ok", template: { text, parts } };
}

/** The placeholders, for messages. */
export const PLACEHOLDERS = [...CALL_FACTS.map((fact) => `{${fact}}`), "{secret.UPSTREAM_NAME}"].join(", ");

function placeholder(name: string): TemplatePart | undefined {
  const fact = CALL_FACTS.find((one) => one === name);
  if (fact !== undefined) return { kind: "fact", fact };
  const secret = SECRET.exec(name)?.[1];
  return secret === undefined ? undefined : { kind: "secret", name: secret };
}

function invalid(fix: string): ParsedValue {
  return { kind: "invalid", fix };
}

/** Names of the secrets in a value. */
export function secretsIn({ parts }: ValueTemplate): string[] {
  return parts.flatMap((part) => (part.kind === "secret" ? [part.name] : []));
}

/** Facts of a call in a value. */
export function factsIn({ parts }: ValueTemplate): CallFact[] {
  return parts.flatMap((part) => (part.kind === "fact" ? [part.fact] : []));
}

/** Whether a secret can be a part of a value: visible ASCII, with spaces between alone. */
export function isSendable(secret: string): boolean {
  return VISIBLE.test(secret);
}

/** A value whose text and secrets are one text already; a string where nothing of it depends on the call. */
export type BoundValue = string | readonly (string | { readonly fact: CallFact })[];

/** @param secretOf value of a secret; the configuration has been checked, so each has one */
export function bindValue({ parts }: ValueTemplate, secretOf: (name: string) => string): BoundValue {
  const bound: (string | { readonly fact: CallFact })[] = [];
  for (const part of parts) {
    if (part.kind === "fact") {
      bound.push({ fact: part.fact });
      continue;
    }
    const text = part.kind === "text" ? part.text : secretOf(part.name);
    const last = bound.at(-1);
    if (typeof last === "string") bound[bound.length - 1] = last + text;
    else bound.push(text);
  }
  const [first] = bound;
  return bound.length === 1 && typeof first === "string" ? first : bound;
}

/**
 * Facts come from callers: everything that could end a field, a list member, a parameter or a quoted text is percent-encoded, `%` too.
 *
 * @returns undefined where the call lacks a fact: no part of the value is sent then
 */
export function valueFor(value: BoundValue, factOf: (fact: CallFact) => string | undefined): string | undefined {
  if (typeof value === "string") return value;
  let text = "";
  for (const part of value) {
    const fact = typeof part === "string" ? part : factOf(part.fact);
    if (fact === undefined || fact === "") return undefined;
    text += typeof part === "string" ? part : encoded(fact);
  }
  return text;
}

const UNSAFE = /[^A-Za-z0-9\-._~!$&'()*+:@/#=?|[\]]/;
const UNSAFE_CHARACTERS = /[^A-Za-z0-9\-._~!$&'()*+:@/#=?|[\]]/gu;

function encoded(fact: string): string {
  if (!UNSAFE.test(fact)) return fact;
  return fact.toWellFormed().replace(UNSAFE_CHARACTERS, encodeURIComponent);
}
