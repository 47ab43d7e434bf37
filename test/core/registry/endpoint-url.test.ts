// URLs that endpoints register: form, own hosts, schemes, ports, and what each setting allows.
import { describe, expect, it } from "vitest";
import { type AddressRules, problemOfUrl } from "../../../core/registry/endpoint-url.ts";

const RULES: AddressRules = {
  isLocal: true,
  allowPrivate: false,
  allowIpAddresses: false,
  allowHttp: false,
  allowPorts: [443, 8_443],
  ownHosts: ["Gateway.Example", "bücher.example.", "local.example:8443"],
  partsOf: (url) => URL.parse(url) ?? undefined,
};
const problem = (url: string, rules: Partial<AddressRules> = {}) => problemOfUrl(url, { ...RULES, ...rules });
const FORM = "write http(s)://host, with a port and a path if needed";
const OWN = "this is the gateway itself; write the address of the server";
const PRIVATE = "this is an address of a private network; registry.allowPrivate allows it";

describe("S02 the form of a URL", () => {
  it.each([
    ...[
      "",
      "a.example",
      "//a.example",
      "ftp://a.example",
      "ws://a.example",
      "file:///etc/passwd",
      "data:,x",
      "gopher://a.example",
      "HTTPS://a.example",
    ],
    ...["javascript:alert(1)", "blob:https://a.example/x", "https:a.example", "https:/a.example", "https://", "https:///x", "https://:443"],
    ...[
      "https://user@a.example",
      "https://user:secret@a.example",
      "https://a.example@127.0.0.1",
      "https://a.example?x",
      "https://a.example/x?y",
    ],
    ...[
      "https://a.example#x",
      "https://a.example/x#y",
      "https://a.example\\@b",
      "https://a.example/ x",
      "https://a b.example",
      "https://[::1",
      "https://a.example:99999",
    ],
    ...[
      "https://a.example:x",
      "https://a..example",
      "https://a.example..",
      "https://a.example/../x",
      "https://a.example/%2e%2e/x",
      "https://a.example//x",
    ],
    ...[
      "https://a.example/a;b",
      "https://a.example/a%2fb",
      "https://a.example/%00",
      "https://a.example/é",
      `https://a.example/${"a".repeat(2_031)}`,
    ],
  ])("refuses %j", (url) => expect(problem(url)).toBe(FORM));

  it.each([
    "https://a.example",
    "https://A.Example.",
    "https://a.example:443",
    "https://a.example:8443/base/v1",
    "https://bücher2.example",
    `https://a.example/${"a".repeat(2_030)}`,
  ])("accepts %s", (url) => expect(problem(url)).toBeUndefined());
});

describe("S04 the gateway's own hosts", () => {
  it.each([
    ...[
      "https://gateway.example",
      "https://gateway.example.",
      "https://GATEWAY.example/x",
      "https://gateway.example:8443",
      "http://gateway.example:8080",
    ],
    ...[
      "https://g%61teway.example",
      "https://ｇateway.example",
      "https://bücher.example",
      "https://xn--bcher-kva.example",
      "https://BÜCHER.example.",
    ],
    ...["https://local.example:8443", "https://local.example.:8443"],
  ])("refuses %s", (url) => expect(problem(url)).toBe(OWN));

  it.each(["https://local.example", "https://a.gateway.example", "https://gateway.example.com", "https://xgateway.example"])(
    "accepts %s, another host",
    (url) => expect(problem(url)).toBeUndefined(),
  );
});

describe("S02 schemes and ports", () => {
  it.each([
    ["http://a.example", "write https://; registry.allowHttp allows plain HTTP"],
    ["https://a.example:22", "port 22 is not allowed; write one of 443, 8443, or add it to registry.allowPorts"],
    ["https://a.example:25", "port 25 is not allowed; write one of 443, 8443, or add it to registry.allowPorts"],
    ["https://a.example:80", "port 80 is not allowed; write one of 443, 8443, or add it to registry.allowPorts"],
    ["https://a.example:9000", "port 9000 is not allowed; write one of 443, 8443, or add it to registry.allowPorts"],
  ])("refuses %s of a public host: %s", (url, want) => expect(problem(url)).toBe(want));

  it("lets settings allow them", () => {
    expect(problem("http://a.example", { allowHttp: true })).toBeUndefined();
    expect(problem("http://a.example:8080", { allowHttp: true })).toBeUndefined();
    expect(problem("https://a.example:8080", { allowHttp: true })).toMatch(/^port 8080 is not allowed/);
    expect(problem("http://a.example:25", { allowHttp: true })).toMatch(/^port 25 is not allowed; write one of 80, 8080, 443, 8443/);
    expect(problem("https://a.example:9000", { allowPorts: [9_000] })).toBeUndefined();
    expect(problem("https://a.example", { allowPorts: [9_000] })).toMatch(/^port 443 is not allowed/);
  });

  it("allows in a private network plain HTTP, and any port that is not known for another protocol", () => {
    const allowPrivate = { allowPrivate: true };
    for (const url of [
      "http://localhost:9000",
      "http://10.0.0.1",
      "https://10.0.0.1",
      "http://[::1]:8787",
      "http://users.default.svc:1024",
    ])
      expect(problem(url, allowPrivate)).toBeUndefined();
    for (const port of [1, 22, 25, 53, 110, 1_023, 2_375, 3_306, 5_432, 6_000, 6_379, 6_667, 11_211])
      expect(problem(`http://localhost:${port}`, allowPrivate)).toBe(
        `port ${port} is not for HTTP; add it to registry.allowPorts if a service listens there`,
      );
    expect(problem("http://localhost:22", { ...allowPrivate, allowPorts: [22] })).toBeUndefined();
  });
});

describe("S01 hosts", () => {
  it("refuses private ones, and public addresses, unless a setting allows them", () => {
    expect(problem("https://10.0.0.1")).toBe(PRIVATE);
    expect(problem("https://[2002:7f00:1::]", { allowIpAddresses: true })).toBe(PRIVATE);
    expect(problem("https://x.localhost")).toBe(PRIVATE);
    expect(problem("https://8.8.8.8")).toBe("this is an IP address; registry.allowIpAddresses allows it");
    expect(problem("https://8.8.8.8", { allowIpAddresses: true })).toBeUndefined();
    expect(problem("https://[2606:4700::1111]:8443", { allowIpAddresses: true })).toBeUndefined();
  });

  it("refuses both whatever is allowed, where the gateway runs on Cloudflare's network", () => {
    const deployed = { isLocal: false, allowPrivate: true, allowIpAddresses: true };
    for (const url of ["https://10.0.0.1", "http://localhost:8080", "https://users.internal", "https://[fd00::1]"])
      expect(problem(url, deployed)).toMatch(/^Cloudflare's network does not lead to private networks: write a public host name, or/);
    for (const url of ["https://8.8.8.8", "https://[2606:4700::1111]"])
      expect(problem(url, deployed)).toMatch(/^Cloudflare's network refuses calls to IP addresses \(error 1003\): write/);
    expect(problem("https://a.example", deployed)).toBeUndefined();
  });

  it.each(["http://169.254.169.254", "http://metadata.google.internal", "http://[fd00:ec2::254]", "http://[fe80::1]"])(
    "refuses %s whatever is allowed",
    (url) => {
      const all = { allowPrivate: true, allowIpAddresses: true, allowHttp: true };
      expect(problem(url, all)).toBe("this is where a cloud gives its machines their credentials; write the address of the server");
    },
  );

  it("accepts only https at port 443 for native gRPC", () => {
    expect(problem("https://a.example", { isNativeGrpc: true })).toBeUndefined();
    for (const url of ["http://a.example", "https://a.example:8443"])
      expect(problem(url, { isNativeGrpc: true })).toBe("write https:// and port 443, the service is called in native gRPC");
  });
});
