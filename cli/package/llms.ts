// llms.txt: what a language model reads first about the package, from the documents themselves. `npm run build` writes it.
import { globSync, readFileSync } from "node:fs";

/** @see llmstxt.org */
export function llmsText(documents: ReadonlyMap<string, string>): string {
  const lines = [...documents].map(([file, text]) => `- [${titleOf(text)}](${file}): ${aboutOf(text)}`);
  return `# Tidegate

> An edge RPC gateway in TypeScript for Cloudflare Workers and Durable Objects: REST, Connect and gRPC-Web in front of services, with limits,
> caching, retries, circuit breakers, keys, and a configuration that is changed and taken back live.

A project has \`gateway.config.ts\` (\`import { defineGateway } from "tidegate"\`), protos, and Workers that import \`tidegate/gateway\`, \`tidegate/objects\` and
\`tidegate/service\`; \`npm create tidegate my-api\` makes one. \`npx tidegate check\` finds mistakes.

## Docs

${lines.join("\n")}
`;
}

/** The documents of users: decisions are for contributors. */
export function userDocuments(): Map<string, string> {
  const files = globSync("docs/{*,tutorials/*}.md").map((file) => file.replaceAll("\\", "/"));
  return new Map(files.sort().map((file) => [file, readFileSync(file, "utf8")]));
}

function titleOf(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1] ?? "untitled";
}

/** The first sentence below the title, without links. */
function aboutOf(text: string): string {
  const paragraph = text.split(/\n\s*\n/)[1] ?? "";
  const plain = paragraph
    .replaceAll("\n", " ")
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .trim();
  return /^(?:For [\w ]+\. )?.*?\.(?= |$)/.exec(plain)?.[0] ?? plain;
}
