// A request as a curl command. The credential is read from the environment, so that it gets into no history of a shell.
import { enveloped } from "../envelopes.ts";
import { compact, type Sendable } from "../request.ts";
import { shellQuoted } from "./quote.ts";

export function curlSample({ method, url, headers, body, messages, isStream }: Sendable): string {
  const isDefault = (method === "GET" && body === undefined) || (method === "POST" && body !== undefined);
  const lines = [
    ["curl", isStream ? "-N" : "", isDefault ? "" : `-X ${shellQuoted(method)}`, shellQuoted(url)].filter(Boolean).join(" "),
    ...headers.map(([name, value]) =>
      name === "Authorization" ? '-H "Authorization: $AUTHORIZATION"' : `-H ${shellQuoted(`${name}: ${value}`)}`,
    ),
  ];
  if (messages === undefined) return [...lines, ...(body === undefined ? [] : [`-d ${shellQuoted(compact(body))}`])].join(" \\\n  ");
  // The response is in envelopes, too, whose bytes curl does not write to a terminal unasked.
  return `${pipeOf(messages)} |\n${[...lines, "--data-binary @-", "--output -"].join(" \\\n  ")}`;
}

/** Writes the messages in envelopes. */
function pipeOf(messages: readonly string[]): string {
  const written = messages.map((message) => {
    const head = [...enveloped([message]).subarray(0, 5)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`);
    return `printf '${head.join("")}%s' ${shellQuoted(message)}`;
  });
  return written.length === 1 ? written.join("") : `{ ${[...written, ""].join("; ")}}`;
}
