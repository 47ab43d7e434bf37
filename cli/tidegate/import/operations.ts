// The operations of a document as methods of a service.
import { isObject, type Json, listAt, type OpenapiDocument, type OpenapiObject, objectAt, textAt } from "./document.ts";
import { Names, pascalCase, snakeCase } from "./identifiers.ts";
import type { ProtoField, ProtoMessage, ProtoMethod } from "./proto.ts";
import { Types } from "./types.ts";

const VERBS = ["get", "put", "post", "delete", "patch", "head", "options"] as const; // TRACE reaches no Worker
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:;|$)|^\*\/\*$/;
/** A segment that a path template has: a variable, or text. @see google/api/http.proto */
const SEGMENT = /^(?:\{[^{}]+\}|[A-Za-z0-9._~!$&'()+,;=@%-]+)(?::[A-Za-z][\w-]*)?$/;

interface Parameter {
  readonly name: string;
  readonly place: string; // path, query, header, cookie
  readonly definition: OpenapiObject;
}

export interface Operations {
  readonly methods: readonly ProtoMethod[];
  readonly messages: readonly ProtoMessage[];
}

/**
 * @param prefix path of the server, before each path of the document; empty for none
 * @param note   receives what does not map
 */
export function operationsOf(document: OpenapiDocument, prefix: string, note: (where: string, what: string) => void): Operations {
  const entries = Object.entries(objectAt(document.root, "paths")).flatMap(([path, item]) => {
    const shared = document.resolve(item)?.value;
    if (shared === undefined) note(path, "a path that is not in this document");
    return VERBS.flatMap((verb) => {
      const operation = shared?.[verb];
      return isObject(operation) && shared !== undefined ? [{ path, verb, operation, shared }] : [];
    });
  });
  const methodNames = new Names();
  const named = entries.map((entry) => ({
    ...entry,
    name: methodNames.add(pascalCase(textAt(entry.operation, "operationId") || `${entry.verb} ${entry.path}`)),
  }));
  const names = new Names(named.flatMap(({ name }) => [`${name}Request`.toLowerCase(), `${name}Response`.toLowerCase()]));
  const types = new Types(document, names, note);
  const methods: ProtoMethod[] = [];
  const own: ProtoMessage[] = [];
  for (const { path, verb, operation, shared, name } of named) {
    const said: string[] = [];
    const unmapped = (what: string): void => {
      said.push(`Not mapped: ${what}.`);
      note(`${verb.toUpperCase()} ${path}`, what);
    };
    const request = requestOf(document, types, { path, verb, operation, shared, name, unmapped });
    const response = responseOf(document, types, operation, name, unmapped);
    for (const part of ["callbacks", "servers"]) if (operation[part] !== undefined) unmapped(part);
    if (operation["security"] !== undefined) unmapped(`security ${JSON.stringify(operation["security"])}: see auth in gateway.config.ts`);
    const template = request.body !== undefined && /^(get|delete|head)$/.test(verb) ? undefined : request.template;
    if (template === undefined && request.template !== undefined) unmapped(`a body with ${verb.toUpperCase()}`);
    const title = textAt(operation, "summary") || textAt(operation, "description") || `${verb.toUpperCase()} ${path}`;
    const deprecated = operation["deprecated"] === true ? ["Deprecated."] : [];
    methods.push({
      name,
      verb,
      path: template === undefined ? undefined : `${prefix}${template}`,
      body: request.body,
      responseBody: response.field?.name,
      comments: [title, ...deprecated, ...said],
    });
    own.push({ name: `${name}Request`, fields: request.fields, comments: [] });
    own.push({ name: `${name}Response`, fields: response.field === undefined ? [] : [response.field], comments: [] });
  }
  return { methods, messages: [...own, ...types.messages] };
}

interface Operation {
  readonly path: string;
  readonly verb: string;
  readonly operation: OpenapiObject;
  readonly shared: OpenapiObject; // the path item
  readonly name: string;
  readonly unmapped: (what: string) => void;
}

function requestOf(document: OpenapiDocument, types: Types, { path, operation, shared, name, unmapped }: Operation) {
  const parameters = parametersOf(document, operation, shared);
  for (const { name: parameter, place } of parameters)
    if (place === "header" || place === "cookie") unmapped(`parameter "${parameter}" in a ${place}`);
  const inUrl = parameters.filter(({ place, definition, name: parameter }) => {
    if (place === "path") return true;
    if (place !== "query") return false;
    const isPlain = /^[A-Za-z_][\w-]*$/.test(parameter) && definition["style"] !== "deepObject" && definition["content"] === undefined;
    if (!isPlain) unmapped(`query parameter "${parameter}", which is no name of a field or of several parts`);
    else if (definition["explode"] === false)
      unmapped(`the list of query parameter "${parameter}" in one value: here the parameter is repeated`);
    return isPlain;
  });
  const properties = inUrl.map(({ name: property, place, definition }) => ({
    property,
    value: urlSchema(definition),
    isRequired: place === "path",
  }));
  const mapped = types.fields(properties, name, `${name}Request`);
  const fields: ProtoField[] = mapped.flatMap((field, index) => {
    const isInUrl = !/^(?:repeated )?(?:google\.protobuf\.(?:Struct|Value|ListValue)|[A-Z]\w*)$|^map</.test(field.type);
    if (isInUrl || inUrl[index]!.place === "path") {
      const description = textAt(inUrl[index]!.definition, "description");
      return [{ ...field, comments: [description, ...field.comments].filter(Boolean) }];
    }
    unmapped(`query parameter "${inUrl[index]!.name}", which is an object or any JSON`);
    return [];
  });
  const nameOf = new Map(inUrl.map(({ name: parameter }, index) => [parameter, mapped[index]!.name]));
  const template = templateOf(path, nameOf);
  if (template === undefined) unmapped(`path ${path}, which is no path template: the method has no rule`);
  const body = bodyOf(
    document,
    types,
    operation,
    name,
    unmapped,
    fields.map((field) => field.name),
  );
  return { fields: body === undefined ? fields : [...fields, body], body: body?.name, template };
}

function parametersOf(document: OpenapiDocument, operation: OpenapiObject, shared: OpenapiObject): Parameter[] {
  const all = new Map<string, Parameter>();
  for (const one of [...listAt(shared, "parameters"), ...listAt(operation, "parameters")]) {
    const definition = document.resolve(one)?.value ?? {};
    const [name, place] = [textAt(definition, "name"), textAt(definition, "in")];
    if (name !== "") all.set(`${place} ${name}`, { name, place, definition }); // the operation is after its path
  }
  return [...all.values()];
}

/** A field of the path is text, a number or a boolean in any case. */
function urlSchema(definition: OpenapiObject): Json {
  return definition["schema"] ?? { type: "string" };
}

/** @returns the path with names of fields; undefined where a part is no segment of a template */
function templateOf(path: string, nameOf: ReadonlyMap<string, string>): string | undefined {
  const segments = path.slice(1).split("/");
  if (
    !path.startsWith("/") ||
    (path !== "/" &&
      !segments.every((segment, index) => SEGMENT.test(segment) && (index === segments.length - 1 || !segment.includes(":"))))
  )
    return undefined;
  const missing = [...path.matchAll(/\{([^{}]+)\}/g)].some(([, variable]) => !nameOf.has(variable!));
  return missing ? undefined : path.replaceAll(/\{([^{}]+)\}/g, (_, variable: string) => `{${nameOf.get(variable)}}`);
}

function bodyOf(
  document: OpenapiDocument,
  types: Types,
  operation: OpenapiObject,
  name: string,
  unmapped: (what: string) => void,
  taken: readonly string[],
): ProtoField | undefined {
  if (operation["requestBody"] === undefined) return undefined;
  const content = objectAt(document.resolve(operation["requestBody"])?.value, "content");
  return contentField(document, types, content, `${name}Body`, "body", unmapped, taken);
}

/** One field: the JSON of the content, or its bytes. */
function contentField(
  document: OpenapiDocument,
  types: Types,
  content: OpenapiObject,
  message: string,
  fallback: string,
  unmapped: (what: string) => void,
  taken: readonly string[],
): ProtoField | undefined {
  const kinds = Object.keys(content);
  const json = kinds.find((kind) => JSON_TYPE.test(kind));
  if (kinds.length === 0) return undefined;
  const others = kinds.filter((kind) => kind !== json);
  if (json !== undefined && others.length > 0) unmapped(`content ${others.join(", ")} beside ${json}`);
  const field = { jsonName: undefined, isDeprecated: false };
  if (json === undefined) {
    unmapped(`content ${kinds.join(", ")} as a message: it is passed as bytes`);
    return { ...field, name: free(fallback, taken), type: "google.api.HttpBody", comments: [] };
  }
  const schema = isObject(content[json]) ? content[json]["schema"] : undefined;
  const { type, kind, comments } = types.map(schema, message, message);
  if (kind === "map" || (kind === "list" && fallback === "body"))
    // A map, and a list in a request, are no bodies of a rule: any JSON is.
    return {
      ...field,
      name: free(fallback, taken),
      type: kind === "map" ? "google.protobuf.Struct" : "google.protobuf.ListValue",
      comments: [`${kind === "map" ? "A map" : "A list"} of ${type}.`, ...comments],
    };
  const target = document.resolve(schema);
  const own = target?.name !== undefined && kind === "message" ? snakeCase(target.name) : fallback;
  return { ...field, name: free(own, taken), type: kind === "list" ? `repeated ${type}` : type, comments };
}

function free(name: string, taken: readonly string[]): string {
  return taken.includes(name) ? `${name}_body` : name;
}

function responseOf(
  document: OpenapiDocument,
  types: Types,
  operation: OpenapiObject,
  name: string,
  unmapped: (what: string) => void,
): { readonly field: ProtoField | undefined } {
  const responses = objectAt(operation, "responses");
  const good = Object.keys(responses)
    .filter((status) => /^2(\d\d|XX)$/.test(status))
    .sort();
  const status = good[0] ?? (responses["default"] === undefined ? undefined : "default");
  if (good.length > 1) unmapped(`responses ${good.slice(1).join(", ")} beside ${status}`);
  const bad = Object.keys(responses).filter((one) => /^[345]/.test(one));
  if (bad.length > 0) unmapped(`bodies of the responses ${bad.join(", ")}: errors have the form of google.rpc.Status`);
  const response = document.resolve(status === undefined ? undefined : responses[status])?.value ?? {};
  if (response["headers"] !== undefined) unmapped(`headers ${Object.keys(objectAt(response, "headers")).join(", ")} of the response`);
  return { field: contentField(document, types, objectAt(response, "content"), `${name}Result`, "result", unmapped, []) };
}
