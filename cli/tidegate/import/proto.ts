// A proto as data, and its text.

export interface ProtoField {
  readonly name: string;
  readonly type: string; // `string`, `repeated Pet`, `map<string, int64>`, `optional bool`
  readonly jsonName: string | undefined; // where it is not the one that follows from the name
  readonly isDeprecated: boolean;
  readonly comments: readonly string[];
}

export interface ProtoMessage {
  readonly name: string;
  readonly fields: readonly ProtoField[];
  readonly comments: readonly string[];
}

export interface ProtoMethod {
  readonly name: string;
  readonly verb: string; // get, put, post, delete, patch
  readonly path: string | undefined; // undefined: the path is no template, and the method has no rule
  readonly body: string | undefined; // name of a field
  readonly responseBody: string | undefined;
  readonly comments: readonly string[];
}

export interface ProtoFile {
  readonly package: string;
  readonly service: string;
  readonly comments: readonly string[]; // at the service
  readonly methods: readonly ProtoMethod[];
  readonly messages: readonly ProtoMessage[];
}

const WIDTH = 118; // columns
const IMPORTS: readonly (readonly [type: RegExp, file: string])[] = [
  [/google\.api\.HttpBody/, "google/api/httpbody.proto"],
  [/google\.protobuf\.(Struct|Value|ListValue)/, "google/protobuf/struct.proto"],
  [/google\.protobuf\.Timestamp/, "google/protobuf/timestamp.proto"],
];

export function protoText({ package: packageName, service, comments, methods, messages }: ProtoFile): string {
  const body = [
    `${commentText(comments, "")}service ${service} {\n${methods.map(methodText).join("\n")}}\n`,
    ...messages.map(messageText),
  ].join("\n");
  const rules = methods.some(({ path }) => path !== undefined) ? ["google/api/annotations.proto"] : [];
  const imports = [...rules, ...IMPORTS.filter(([type]) => type.test(body.replaceAll(/^\s*\/\/.*$/gm, ""))).map(([, file]) => file)];
  const lines = imports.map((file) => `import "${file}";`);
  return `syntax = "proto3";\n\npackage ${packageName};\n\n${lines.length === 0 ? "" : `${lines.join("\n")}\n\n`}${body}`;
}

function methodText({ name, verb, path, body, responseBody, comments }: ProtoMethod): string {
  const options = [
    ...(verb === "get" || verb === "head" ? ["    option idempotency_level = NO_SIDE_EFFECTS;\n"] : []),
    ...(verb === "put" || verb === "delete" ? ["    option idempotency_level = IDEMPOTENT;\n"] : []),
    ...(path === undefined ? [] : [ruleText(verb, path, body, responseBody)]),
  ];
  const head = `${commentText(comments, "  ")}  rpc ${name}(${name}Request) returns (${name}Response)`;
  return options.length === 0 ? `${head};\n` : `${head} {\n${options.join("")}  }\n`;
}

function ruleText(verb: string, path: string, body: string | undefined, responseBody: string | undefined): string {
  const pattern = /^(get|put|post|delete|patch)$/.test(verb)
    ? `${verb}: "${path}"`
    : `custom: {kind: "${verb.toUpperCase()}" path: "${path}"}`;
  const parts = [
    pattern,
    ...(body === undefined ? [] : [`body: "${body}"`]),
    ...(responseBody === undefined ? [] : [`response_body: "${responseBody}"`]),
  ];
  if (parts.length === 1) return `    option (google.api.http) = {${pattern}};\n`;
  return `    option (google.api.http) = {\n${parts.map((part) => `      ${part}\n`).join("")}    };\n`;
}

function messageText({ name, fields, comments }: ProtoMessage): string {
  const lines = fields.map(({ name: field, type, jsonName, isDeprecated, comments: about }, index) => {
    const options = [
      ...(jsonName === undefined ? [] : [`json_name = ${JSON.stringify(jsonName)}`]),
      ...(isDeprecated ? ["deprecated = true"] : []),
    ];
    return `${commentText(about, "  ")}  ${type} ${field} = ${index + 1}${options.length === 0 ? "" : ` [${options.join(", ")}]`};\n`;
  });
  return `${commentText(comments, "")}message ${name} {${lines.length === 0 ? "" : `\n${lines.join("")}`}}\n`;
}

/** Texts of a document can have any length, and line breaks. */
function commentText(comments: readonly string[], indent: string): string {
  return comments
    .flatMap((comment) => wrapped(comment, WIDTH - indent.length))
    .map((line) => `${indent}// ${line}`.trimEnd() + "\n")
    .join("");
}

function wrapped(text: string, width: number): string[] {
  const words = text
    .replaceAll(/[\u0000-\u001f\u007f\u2028\u2029\s]+/g, " ")
    .trim()
    .split(" ");
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}
