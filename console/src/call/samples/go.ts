// A request as a Go program of the standard library alone.
import { compact, type Sendable } from "../request.ts";
import { literal } from "./quote.ts";

export function goSample({ method, url, headers, body, messages }: Sendable): string {
  const hasCredential = headers.some(([name]) => name === "Authorization");
  const isEnveloped = messages !== undefined;
  const imports = [
    ...(isEnveloped ? ["bytes", "encoding/binary"] : []),
    ...["fmt", "io", "net/http"],
    ...(hasCredential || !isEnveloped ? ["os"] : []),
    ...(!isEnveloped && body !== undefined ? ["strings"] : []),
  ];
  return [
    "package main",
    "",
    `import (\n${imports.map((name) => `\t"${name}"\n`).join("")})`,
    "",
    "func main() {",
    ...(isEnveloped ? writing(messages) : []),
    `\trequest, err := http.NewRequest(${literal(method)}, ${literal(url)}, ${bodyOf(body, isEnveloped)})`,
    FAILS,
    ...headers.map(([name, value]) => {
      return `\trequest.Header.Set(${literal(name)}, ${name === "Authorization" ? 'os.Getenv("AUTHORIZATION")' : literal(value)})`;
    }),
    "\tresponse, err := http.DefaultClient.Do(request)",
    FAILS,
    "\tdefer response.Body.Close()",
    "\tfmt.Println(response.StatusCode)",
    isEnveloped ? READING : "\tio.Copy(os.Stdout, response.Body)",
    "}",
  ].join("\n");
}

function bodyOf(body: string | undefined, isEnveloped: boolean): string {
  if (isEnveloped) return "&body";
  return body === undefined ? "nil" : `strings.NewReader(${literal(compact(body))})`;
}

function writing(messages: readonly string[]): readonly string[] {
  return [
    "\t// An envelope: one byte of flags, four bytes of length, the message.",
    "\tvar body bytes.Buffer",
    `\tfor _, message := range []string{${messages.map((message) => literal(compact(message))).join(", ")}} {`,
    "\t\tbody.WriteByte(0)",
    "\t\tbinary.Write(&body, binary.BigEndian, uint32(len(message)))",
    "\t\tbody.WriteString(message)",
    "\t}",
  ];
}

const FAILS = "\tif err != nil {\n\t\tpanic(err)\n\t}";

const READING = `\tfor {
\t\tvar head [5]byte
\t\tif _, err := io.ReadFull(response.Body, head[:]); err != nil {
\t\t\tbreak
\t\t}
\t\tmessage := make([]byte, binary.BigEndian.Uint32(head[1:]))
\t\tif _, err := io.ReadFull(response.Body, message); err != nil {
\t\t\tpanic(err)
\t\t}
\t\tfmt.Println(string(message)) // the last one has the status of the call
\t}`;
