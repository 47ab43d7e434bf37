// What the OpenAPI document says that no proto knows: whose API it is, where it is served, and which credentials callers need.
import { type Checks, join } from "./problems.ts";

/** A security scheme as OpenAPI 3.1 has it. The gateway documents it; what is in front of it, or the services, enforce it. */
export type SecuritySchemeInput =
  | { readonly type: "http"; readonly scheme: "bearer" | "basic"; readonly bearerFormat?: string; readonly description?: string }
  | { readonly type: "apiKey"; readonly in: "header" | "query" | "cookie"; readonly name: string; readonly description?: string }
  | { readonly type: "openIdConnect"; readonly openIdConnectUrl: string; readonly description?: string }
  | { readonly type: "mutualTLS"; readonly description?: string };

export interface OpenApiInput {
  /** Default "Tidegate". */
  readonly title?: string;
  /** Of your API. Default: the version of the gateway. */
  readonly version?: string;
  /** Markdown. */
  readonly description?: string;
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  /** Base URLs, "https://api.example.com". Default "/": where the document itself is served. */
  readonly servers?: readonly string[];
  /** Security schemes by a name of your choice; any one of them is enough for a call. Default: none is documented. */
  readonly security?: Readonly<Record<string, SecuritySchemeInput>>;
}

export interface OpenApiPolicy {
  readonly title: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly contact: Readonly<Record<string, string>> | undefined;
  readonly license: Readonly<Record<string, string>> | undefined;
  readonly servers: readonly string[];
  readonly security: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const FIELDS = ["title", "version", "description", "contact", "license", "servers", "security"] as const;

/** Fields of each type of scheme: those that it has to have, and those that it may have. */
const SCHEMES: Readonly<Record<string, { readonly must: readonly string[]; readonly may: readonly string[] }>> = {
  http: { must: ["scheme"], may: ["bearerFormat", "description"] },
  apiKey: { must: ["in", "name"], may: ["description"] },
  openIdConnect: { must: ["openIdConnectUrl"], may: ["description"] },
  mutualTLS: { must: [], may: ["description"] },
};
const CHOICES: Readonly<Record<string, readonly string[]>> = { scheme: ["bearer", "basic"], in: ["header", "query", "cookie"] };

export function parseOpenApi(check: Checks, path: string, value: unknown): OpenApiPolicy {
  const fields = check.fields(path, value, FIELDS);
  const text = (name: (typeof FIELDS)[number]) => parseText(check, join(path, name), fields[name]);
  const object = (name: "contact" | "license", known: readonly string[]) =>
    fields[name] === undefined ? undefined : parseTexts(check, join(path, name), fields[name], known);
  const license = object("license", ["name", "identifier", "url"]);
  if (license !== undefined && license["name"] === undefined)
    check.report(`${join(path, "license")}.name`, undefined, 'name the license: "Apache-2.0"');
  return {
    title: text("title"),
    version: text("version"),
    description: text("description"),
    contact: object("contact", ["name", "url", "email"]),
    license,
    servers: parseServers(check, join(path, "servers"), fields["servers"]),
    security: Object.fromEntries(
      check.entries(join(path, "security"), fields["security"]).map(([name, scheme]) => {
        const at = join(join(path, "security"), name);
        if (!/^[A-Za-z0-9._-]+$/.test(name)) check.report(at, name, "name it with letters, digits, '.', '_' and '-'");
        return [name, parseScheme(check, at, scheme)];
      }),
    ),
  };
}

function parseText(check: Checks, path: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value !== "") return value;
  check.report(path, value, "write text that is not empty, or remove it");
  return undefined;
}

function parseTexts(check: Checks, path: string, value: unknown, known: readonly string[]): Record<string, string> {
  const fields = check.fields(path, value, known);
  return Object.fromEntries(
    known.flatMap((name) => {
      const text = parseText(check, join(path, name), fields[name]);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function parseServers(check: Checks, path: string, value: unknown): readonly string[] {
  if (value === undefined) return ["/"];
  const isUrl = (one: unknown): one is string =>
    typeof one === "string" && /^(?:https?:\/\/[^\s/?#]+)?(?:\/[^\s?#]*)?$/.test(one) && one !== "";
  if (Array.isArray(value) && value.length > 0 && value.every(isUrl)) return value;
  check.report(path, value, 'write a list of base URLs: ["https://api.example.com"]');
  return ["/"];
}

function parseScheme(check: Checks, path: string, value: unknown): Record<string, string> {
  const type = (value as { readonly type?: unknown } | null)?.type;
  const shape = typeof type === "string" && Object.hasOwn(SCHEMES, type) ? SCHEMES[type] : undefined;
  if (typeof type !== "string" || shape === undefined) {
    const choices = Object.keys(SCHEMES).map((one) => `"${one}"`);
    check.report(join(path, "type"), type, `write ${choices.join(" or ")}`);
    return {};
  }
  const { type: _, ...rest } = value as Readonly<Record<string, unknown>>;
  const scheme = parseTexts(check, path, rest, [...shape.must, ...shape.may]);
  for (const name of shape.must)
    if (rest[name] === undefined) check.report(join(path, name), undefined, `a scheme of type "${type}" has it`);
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (scheme[name] !== undefined && !choices.includes(scheme[name]))
      check.report(join(path, name), scheme[name], `write ${choices.map((one) => `"${one}"`).join(" or ")}`);
  }
  return { type, ...scheme };
}
