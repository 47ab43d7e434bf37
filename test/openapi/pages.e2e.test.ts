// G05: what the pages of the gateway do with text of services, protos and errors, read from their sources and their policy.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ownFilesIn } from "../../cli/own-files.ts";

const pages = ownFilesIn(process.cwd(), "console").filter((path) => /\.(js|html|tsx?)$/.test(path));
/** Ways to turn text into markup or script. */
const SINKS =
  /\.(?:inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|setHTML|DOMParser|srcdoc|\beval\(|new Function|set(?:Timeout|Interval)\(\s*["'`]/;

describe("G05 the pages", () => {
  it("exist", () => expect(pages.length).toBeGreaterThan(5));

  it.each(pages)("%s turns no text into markup or script", (path) => {
    expect(readFileSync(path, "utf8")).not.toMatch(SINKS);
  });

  it.each(pages.filter((path) => path.endsWith(".html")))("%s has no script, style or listener of its own inside", (path) => {
    const html = readFileSync(path, "utf8");
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|javascript:/i);
  });

  it("are served under a policy without inline scripts, in no frame, with their type alone", () => {
    const headers = readFileSync("console/_headers", "utf8");
    const policy = /^\s*Content-Security-Policy: (.+)$/m.exec(headers)?.[1] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*|https?:/);
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(headers.match(/Content-Security-Policy:.*frame-ancestors 'none'/g)).toHaveLength(2);
    expect(headers).toContain("X-Content-Type-Options: nosniff");
  });

  it("would be found out: the check knows a sink when it sees one", () => {
    for (const line of ["a.innerHTML = b", "a.insertAdjacentHTML('x', b)", "document.write(b)", "eval(b)", "setTimeout('b')"])
      expect(line).toMatch(SINKS);
  });
});
