// Paths as hostile callers write them, over raw sockets: which route they reach, and what the upstream receives.
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-paths-"));
const prepare = () => ({ method: "GET", path: "/healthz", headers: {} }); // unused: nothing is measured here
let gateway: Running;

beforeAll(async () => {
  const subject = { entry: "test/support/paths/gateway.ts", about: "", prepare };
  gateway = await start(join(folder, "gateway"), subject, { upstreamPort: 1, cpu: 0 });
}, 60_000);

afterAll(() => {
  gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends a request line as it stands. @returns status and body of the response; 0 where the connection is closed without one */
function send(target: string | Buffer, host = "gateway"): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, "127.0.0.1", () => {
      const rest = ` HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from("GET "), Buffer.from(target), Buffer.from(rest)]));
    });
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("end", () => {
      const body = text.slice(text.indexOf("\r\n\r\n") + 4).replace(/^[0-9A-Fa-f]+\r\n(.*)\r\n0\r\n\r\n$/s, "$1");
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), body });
    });
    socket.on("error", reject);
  });
}

const forwarded = async (target: string): Promise<string> => {
  const { status, body } = await send(target);
  return status === 200 ? body.replace(/ at .*/, "") : `${status} ${(JSON.parse(body) as { message: string }).message}`;
};

describe("over a socket", () => {
  it.each([
    ["/pub/x", "pub GET /pub/x"],
    ["/pub/admin/x", "admin GET /pub/admin/x"],
    ["/pub/a.b/~c:d@e,f=$&'()*+!", "pub GET /pub/a.b/~c:d@e,f=$&'()*+!"],
    ["/pub/.well-known/a..b/...c", "pub GET /pub/.well-known/a..b/...c"],
    ["/pub/%E4%B8%96?a=//b/../%2f;c", "pub GET /pub/%E4%B8%96?a=//b/../%2f;c"],
    ["/pub/Name", "pub GET /pub/Name"],
  ])("%s is forwarded as it is", async (target, want) => expect(await forwarded(target)).toBe(want));

  it.each(["/pub/%2e%2e/admin/x", "/pub/%2E./x", "/pub/../admin/x", "/pub/..", "/%2e%2e/pub/x"])(
    "P01 dots %s are refused",
    async (target) => expect(await forwarded(target)).toBe("400 path has a segment of dots"),
  );

  it.each(["/pub/%2e/admin/x", "/pub/./admin/x", "/pub/admin/%2E"])("P02 a single dot %s is refused", async (target) =>
    expect(await forwarded(target)).toBe("400 path has a segment of dots"),
  );

  it.each(["/a\\..\\admin", "/pub\\admin/x", "/pub/%5cadmin", "\\pub\\x"])("P03 a backslash %s is refused", async (target) =>
    expect((await send(target)).status).toBe(400),
  );

  it.each([
    ["//evil.test/x", "path has an empty segment"],
    ["/pub//admin/x", "path has an empty segment"],
    ["/pub///", "path has an empty segment"],
    ["/pub%2fadmin/x", "path has an encoded separator"],
    ["/pub/%2Fadmin/x", "path has an encoded separator"],
    ["/pub/x/%252Fadmin", "path has an escape that is encoded twice"],
    ["/pub/%2561dmin/x", "path has an escape that is encoded twice"],
    ["/pub/;v=1/admin/x", "path has a path parameter"],
    ["/pub/admin;x=y/x", "path has a path parameter"],
    ["/pub/admin%3Bx/x", "path has a path parameter"],
    ["/pub/admin./x", "path has a segment that starts with a space, or ends with a dot or a space"],
    ["/pub/admin%20/x", "path has a segment that starts with a space, or ends with a dot or a space"],
    ["/pub/%20admin/x", "path has a segment that starts with a space, or ends with a dot or a space"],
    ["/pub/.../x", "path has a segment that starts with a space, or ends with a dot or a space"],
    ["/pub/admin::$DATA", "path has the name of a file stream"],
    ["/pub/admin%3a%24i30/x", "path has the name of a file stream"],
    ["/pub%EF%BC%8Fadmin/x", "path has a character that some servers read as a separator, a dot or a space"],
    ["/pub/ADMIN/x", "path differs from another one that is served here only by the case or form of its letters"],
    ["/pub/%EF%BD%81dmin/x", "path differs from another one that is served here only by the case or form of its letters"],
    ["/API/v1/users/x", "path differs from another one that is served here only by the case or form of its letters"],
    ["/users.v1.userservice/getuser", "path differs from another one that is served here only by the case or form of its letters"],
  ])("P05 %s, which an upstream may read as another route, is refused", async (target, problem) => {
    expect(await forwarded(target)).toBe(`400 ${problem}`);
  });

  it.each([
    "/pub/..;/admin/x",
    "/pub/..%2fadmin/x",
    "/solo/..;a=b/x",
    "/solo/.%252e/x",
    "/raw/%252e%252e%252fx",
    "/raw/..%20/x",
    "/raw/..%3Bx",
  ])("P05 %s hides a segment of dots, which no setting lets through", async (target) =>
    expect(await forwarded(target)).toBe("400 path has a hidden segment of dots"),
  );

  it.each(["/solo//x", "/solo/a%2fb", "/solo/a;b=c", "/solo/a.", "/solo/100%25ab", "/solo/X"])(
    "P05 %s is forwarded as it is where no other route lies below the prefix",
    async (target) => expect(await forwarded(target)).toBe(`solo GET ${target}`),
  );

  it.each(["/raw//admin/x", "/raw/a%2Fadmin", "/raw/a;b=c", "/raw/ADMIN/x"])(
    "P05 %s is forwarded where the route says so",
    async (target) => expect(await forwarded(target)).toBe(`raw GET ${target}`),
  );

  it.each([
    ["/%00", "path has a control character at 1"],
    ["/%zz", "path has a malformed escape at 1"],
    ["/%ff", "path has escapes that are not UTF-8"],
    ["/%ed%a0%80", "path has escapes that are not UTF-8"],
    ["/pub/%c0%ae%c0%ae/x", "path has escapes that are not UTF-8"],
  ])("P06 %s is refused", async (target, problem) => expect(await forwarded(target)).toBe(`400 ${problem}`));

  it("P06 a byte that is not ASCII is refused: by the platform, before the gateway", async () => {
    expect(await send(Buffer.from([0x2f, 0xe9]))).toEqual({ status: 400, body: "invalid URI" });
  });

  it.each([20 * 1024, 70 * 1024])("P08 a URL of %i bytes is 414", async (bytes) => {
    expect((await send(`/pub/${"x".repeat(bytes - 5)}`)).status).toBe(414);
    expect((await send(`/pub/${"%2e/".repeat(bytes / 4)}`)).status).toBe(414);
    expect((await send(`/pub/x?${"x".repeat(bytes)}`)).status).toBe(414);
  });

  it("drops the fragment of a target: the platform does, before the gateway", async () => {
    expect(await forwarded("/pub/x#/../admin")).toBe("pub GET /pub/x");
    expect(await forwarded("/pub/x?y#z")).toBe("pub GET /pub/x?y");
  });

  it.each(["http://evil.test/pub/x", "https://evil.test/pub/x", "http://user:secret@evil.test/pub/x", "ftp://evil.test/pub/x"])(
    "sends a target in absolute form %s to the configured upstream, by its path alone",
    async (target) => expect((await send(target)).body).toBe("pub GET /pub/x at https://pub.internal"),
  );

  it.each(["http://evil.test/pub//admin/x", "http://evil.test//pub/x", "http://evil.test/pub/..%2fx"])(
    "judges the path of a target in absolute form %s",
    async (target) => expect((await send(target)).status).toBe(400),
  );

  it.each(["pub/x", "", "http:/pub/x", "?x"])("refuses the target %j, which has no path", async (target) =>
    expect((await send(target)).status).toBe(400),
  );
});
