// Hosts that endpoints register: what their text alone says about them.
import fc from "fast-check";
import { IPv4, IPv6, parse as parseByLibrary } from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { type HostKind, hostKind } from "../../../core/registry/endpoint-host.ts";

/** The kind of the host of a URL, in whatever spelling the URL parser accepts. */
const kindOf = (host: string): HostKind | "no URL" => {
  const parts = URL.parse(`https://${host}/`);
  return parts === null ? "no URL" : hostKind(parts.hostname);
};

describe("S01 an address", () => {
  it.each([
    ...[
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0x7f.1",
      "0177.0.0.1",
      "017700000001",
      "127.0.0.1.",
      "%31%32%37.0.0.1",
      "１２７.0.0.1",
    ],
    ...[
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:ffff:127.0.0.1]",
      "[::127.0.0.1]",
      "[::7f00:1]",
      "[::ffff:0:127.0.0.1]",
      "[::]",
      "[::1]",
    ],
    ...[
      "[2002:7f00:1::]",
      "[2002:a00:1::1]",
      "[64:ff9b::7f00:1]",
      "[64:ff9b::8.8.8.8]",
      "[64:ff9b:1::7f00:1]",
      "[2001:0:1234::1]",
      "[2001:20::1]",
    ],
    ...[
      "[2001:db8::1]",
      "[3fff::1]",
      "[5f00::1]",
      "[100::1]",
      "[fc00::1]",
      "[fd12::1]",
      "[fec0::1]",
      "[feff::1]",
      "[ff02::1]",
      "[::ffff:8.8.8.8]",
    ],
    ...["0.0.0.0", "0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.127.255.255", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1"],
    ...[
      "192.88.99.1",
      "192.168.1.1",
      "198.18.0.1",
      "198.19.255.255",
      "198.51.100.1",
      "203.0.113.1",
      "224.0.0.1",
      "240.0.0.1",
      "255.255.255.255",
    ],
  ])("%s is private", (host) => expect(kindOf(host)).toBe("private"));

  it.each([
    ...[
      "169.254.169.254",
      "0xa9fea9fe",
      "2852039166",
      "169.254.0.1",
      "168.63.129.16",
      "100.100.100.200",
      "[fd00:ec2::254]",
      "[fe80::1]",
      "[fe80::a9fe:a9fe]",
    ],
    ...["metadata", "metadata.google.internal", "METADATA.google.internal.", "metadata.goog", "instance-data", "metadata.tencentyun.com"],
  ])("%s is where a cloud gives out credentials", (host) => expect(kindOf(host)).toBe("metadata"));

  it.each([
    "8.8.8.8",
    "1.1.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
  ])("%s is public", (host) => expect(kindOf(host)).toBe("address"));

  it.each(["[2606:4700::1111]", "[2620:0:1::1]", "[2a00::1]", "[2003::1]", "[2001:200::1]", "[2001:4860::8888]"])("%s is public", (host) =>
    expect(kindOf(host)).toBe("address"),
  );

  const parts = fc.array(fc.oneof(fc.constantFrom(0, 0xffff, 0x7f00, 1), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
  const firsts = fc.constantFrom(0, 0x64, 0x100, 0x2001, 0x2002, 0x2620, 0x3fff, 0x5f00, 0xfc00, 0xfe80, 0xfec0, 0xff02, 0x2606, 0x2a00);

  it("is public by our ranges only where the package ipaddr.js finds a unicast address", () => {
    const special = fc.tuple(firsts, parts).map(([first, rest]) => new IPv6([first, ...rest.slice(1)]));
    const ipv4 = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }).map((bytes) => new IPv4(bytes));
    fc.assert(
      fc.property(fc.oneof(special, ipv4), (address) => {
        const host = address instanceof IPv6 ? `[${address.toNormalizedString()}]` : address.toString();
        if (kindOf(host) === "address") expect([host, parseByLibrary(address.toString()).range()]).toEqual([host, "unicast"]);
      }),
      { numRuns: 5_000 },
    );
  });

  it("is of one kind in every spelling of its number", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (number) => {
        const bytes = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
        const plain = kindOf(bytes.join("."));
        const hex = bytes.map((byte) => `0x${byte.toString(16)}`).join(".");
        const octal = bytes.map((byte) => `0${byte.toString(8)}`).join(".");
        for (const spelling of [String(number), `0x${number.toString(16)}`, hex, octal, `${bytes.join(".")}.`])
          expect([spelling, kindOf(spelling)]).toEqual([spelling, plain]);
      }),
    );
  });
});

describe("S01 a name", () => {
  it.each([
    ...[
      "localhost",
      "LOCALHOST",
      "localhost.",
      "a.localhost",
      "a.localdomain",
      "printer",
      "printer.local",
      "a.internal",
      "a.internal.",
      "router.lan",
    ],
    ...["a.corp", "a.home", "a.home.arpa", "a.intranet", "a.private", "a.test", "1.0.0.127.in-addr.arpa", "hidden.onion"],
    ...[
      "users.default.svc",
      "users.default.svc.cluster.local",
      "kubernetes.default",
      "kubernetes.default.svc",
      "users.kube-system",
      "users.service.consul",
    ],
    ...[
      "127.0.0.1.nip.io",
      "10-0-0-1.sslip.io",
      "7f000001.nip.io",
      "x.nip.io",
      "127.0.0.1.xip.io",
      "lvh.me",
      "x.lvh.me",
      "localtest.me",
      "vcap.me",
    ],
    ...["7f000001.xip.name", "a.backname.io", "a.nip.direct", "a.plex.direct", "a.ip6.name", "make-8-8-8-8-rr.1u.ms", "a.rebind.network"],
    ...["a.fuf.me", "a.fbi.com", "a.yoogle.com", "a.smackaho.st", "a.42foo.com", "a.traefik.me", "a.local.gd", "a.localhost.direct"],
    ...["a.vagrant.dev", "a.domaincontrol.dev", "127-0-0-1.org.uk"],
    ...[
      "app.lacolhost.com",
      "localho.st",
      "7f000001.c0a80001.rbndr.us",
      "127-0-0-1.example.com",
      "ip-10-0-0-12.example.com",
      "a.192.168.0.1.example.com",
    ],
    ...["ＬＯＣＡＬＨＯＳＴ", "a。localhost", "x.%6cocalhost"],
  ])("%s leads to a private network by convention", (host) => expect(kindOf(host)).toBe("private"));

  it.each([
    ...[
      "a.example",
      "users.example.com",
      "local.example",
      "a.localx",
      "xlocal.example.com",
      "lan.example.com",
      "nip.io.example.com",
      "notnip.io",
    ],
    ...[
      "ec2-54-1-2-3.compute-1.amazonaws.com",
      "v1-2-3.example.com",
      "1-2-3-4-5.example.com",
      "xn--bcher-kva.example",
      "bücher.example",
      "a.xn--p1ai",
      "300-0-0-1.example.com",
    ],
    ...["test.example", "svc.example.dev", "mylvh.me", "corp.com"],
  ])("%s may be public", (host) => expect(kindOf(host)).toBe("name"));
});
