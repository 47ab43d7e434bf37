// The agent that a signature names.
import { describe, expect, it } from "vitest";
import { coveredAgent, directoryUrl } from "../../../../core/auth/signature/signature-agent.ts";
import { parseDictionary } from "../../../../core/structured-fields/parse.ts";

describe("a directory", () => {
  it.each(["https://agent.example", "https://a-b.agent.example:8443", `https://${"a".repeat(50)}.example`])("can be at %s", (url) => {
    expect(directoryUrl(url)).toBe(url);
    expect(directoryUrl(`${url}/`)).toBe(url);
  });

  it("has no default port", () => {
    expect(directoryUrl("https://agent.example:443/")).toBe("https://agent.example");
  });

  it.each([
    "http://agent.example",
    "xhttps://agent.example",
    "http://other.example/https://agent.example",
    "https://agent.example/path",
    "https://agent.example?a",
    "https://user@agent.example",
    "https://Agent.example",
    "https://agent",
    "https://localhost",
    "https://a.localhost",
    "https://a.internal",
    "https://a.local",
    "https://192.0.2.1",
    "https://127.1",
    "https://1.2",
    "https://[::1]",
    "https://-a.example",
    "https://a.example.",
    "https://a.example:123456",
    "https://a.example\n",
    "data:application/json,{}",
    `https://${"a.".repeat(140)}example`,
    "",
  ])("cannot be at %j", (url) => {
    expect(directoryUrl(url)).toBeUndefined();
  });
});

describe("the agent of a signature", () => {
  const agentOf = (value: string | null, components: string) => {
    const list = parseDictionary(`s=(${components})`)!.get("s")!;
    return coveredAgent(value, "items" in list ? list.items : []);
  };
  const A = "https://a.example";

  it.each([
    [`"${A}"`, '"signature-agent"'],
    [`agent1="${A}"`, '"signature-agent"'],
    [`agent1="${A}"`, '"signature-agent";key="agent1"'],
    [`agent1="${A}", agent2="https://b.example"`, '"@authority" "signature-agent";key="agent1"'],
  ])("%s covered by (%s)", (value, components) => {
    expect(agentOf(value, components)).toBe(A);
  });

  it.each([
    [null, '"signature-agent"'],
    [`"${A}"`, '"@authority"'],
    [`"${A}"`, '"signature-agent";key="x"'],
    [`"${A}"`, '"signature-agent";sf'],
    [`agent1="${A}", agent2="${A}"`, '"signature-agent"'],
    [`agent1="${A}", agent2="${A}"`, '"signature-agent";key="agent1" "signature-agent";key="agent2"'],
    [`agent1="${A}", agent1="${A}"`, '"signature-agent";key="agent1"'],
    [`agent1=("${A}")`, '"signature-agent"'],
    [A, '"signature-agent"'],
    ["tok", '"signature-agent"'],
    ['"http://a.example"', '"signature-agent"'],
    [`"${A}"`.padEnd(1_025), '"signature-agent"'],
    ["", '"signature-agent"'],
  ])("is none for %s covered by (%s)", (value, components) => {
    expect(agentOf(value, components)).toBeUndefined();
  });
});
