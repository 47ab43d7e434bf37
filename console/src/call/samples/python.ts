// A request as a Python program of the standard library alone.
import { compact, type Sendable } from "../request.ts";
import { literal } from "./quote.ts";

export function pythonSample({ method, url, headers, body, messages, isStream }: Sendable): string {
  const fields = headers.map(([name, value]) => {
    return `        ${literal(name)}: ${name === "Authorization" ? 'os.environ["AUTHORIZATION"]' : literal(value)},\n`;
  });
  const imports = [
    ...(headers.some(([name]) => name === "Authorization") ? ["os"] : []),
    ...(messages === undefined ? [] : ["struct"]),
    ...["urllib.error", "urllib.request"],
  ];
  return [
    ...imports.map((name) => `import ${name}`),
    "",
    ...(messages === undefined ? [] : writing(messages)),
    "request = urllib.request.Request(",
    `    ${literal(url)},`,
    `    method=${literal(method)},`,
    ...(fields.length === 0 ? [] : [`    headers={\n${fields.join("")}    },`]),
    ...dataOf(body, messages !== undefined),
    ")",
    "try:",
    "    response = urllib.request.urlopen(request)",
    "except urllib.error.HTTPError as error:",
    "    response = error",
    "print(response.status)",
    messages === undefined ? (isStream ? STREAM : "print(response.read().decode())") : READING,
  ].join("\n");
}

function dataOf(body: string | undefined, isEnveloped: boolean): readonly string[] {
  if (isEnveloped) return ["    data=body,"];
  return body === undefined ? [] : [`    data=${literal(compact(body))}.encode(),`];
}

function writing(messages: readonly string[]): readonly string[] {
  return [
    "# An envelope: one byte of flags, four bytes of length, the message.",
    `messages = [${messages.map((message) => `${literal(compact(message))}.encode()`).join(", ")}]`,
    'body = b"".join(struct.pack(">BI", 0, len(message)) + message for message in messages)',
    "",
  ];
}

const READING = `while head := response.read(5):
    size = struct.unpack(">BI", head)[1]
    print(response.read(size).decode())  # the last one has the status of the call`;

const STREAM = `for line in response:
    print(line.decode(), end="", flush=True)`;
