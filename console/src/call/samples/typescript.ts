// A request as a TypeScript program for Node that needs no package.
import { compact, type Sendable } from "../request.ts";
import { indented, literal } from "./quote.ts";

export function typescriptSample(request: Sendable): string {
  const { method, url, headers, messages, isStream } = request;
  const fields = headers.map(([name, value]) => {
    return `    ${literal(name)}: ${name === "Authorization" ? 'process.env["AUTHORIZATION"] ?? ""' : literal(value)},\n`;
  });
  const body = bodyOf(request);
  const lines = [
    `const response = await fetch(${literal(url)}, {`,
    `  method: ${literal(method)},`,
    ...(fields.length === 0 ? [] : [`  headers: {\n${fields.join("")}  },`]),
    ...(body === undefined ? [] : [`  body: ${body},`]),
    "});",
    "console.log(response.status);",
  ];
  if (messages !== undefined) return [...writing(messages), ...lines, READING].join("\n");
  return [...lines, isStream ? STREAM : "console.log(await response.text());"].join("\n");
}

function bodyOf({ body, messages }: Sendable): string | undefined {
  if (messages !== undefined) return "Buffer.concat(messages.map(envelope))";
  if (body === undefined) return undefined;
  return expressionOf(body, "  ");
}

/** JSON as an object of the program, which is easier to edit; other text as a string. */
function expressionOf(body: string, by: string): string {
  try {
    return `JSON.stringify(${indented(JSON.stringify(JSON.parse(body), null, 2), by)})`;
  } catch {
    return literal(body);
  }
}

function writing(messages: readonly string[]): readonly string[] {
  return [
    `const messages = [${messages.map((message) => literal(compact(message))).join(", ")}];`,
    "",
    "// An envelope: one byte of flags, four bytes of length, the message.",
    "function envelope(message: string): Buffer {",
    "  const head = Buffer.alloc(5);",
    "  head.writeUInt32BE(Buffer.byteLength(message), 1);",
    "  return Buffer.concat([head, Buffer.from(message)]);",
    "}",
    "",
  ];
}

const READING = `let rest = Buffer.alloc(0);
for await (const chunk of response.body!) {
  rest = Buffer.concat([rest, chunk]);
  while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
    const end = 5 + rest.readUInt32BE(1);
    console.log(rest.subarray(5, end).toString()); // the last one has the status of the call
    rest = rest.subarray(end);
  }
}`;

const STREAM = `for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
  process.stdout.write(text);
}`;
