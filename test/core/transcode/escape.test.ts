// Percent-encoding of path variables and literals, character by character.
import { describe, expect, it } from "vitest";
import { decodeSegment, decodeSegments, encodeSegment, encodeSegments, literalForm } from "../../../core/transcode/escape.ts";

const UNRESERVED = "ABCXYZabcxyz0123456789-._~";
const RESERVED_IN_LITERALS = "!$&'()*+,;=:@";

describe("unescapeOne", () => {
  it.each([
    ["", ""],
    ["plain", "plain"],
    ["a%2Fb%2fc", "a/b/c"],
    ["%E4%B8%96", "世"],
    ["%252F", "%2F"],
    ["a+b", "a+b"],
    ["%", "%"],
    ["%zz%20", "%zz%20"],
    ["%ff", "%ff"],
  ])("decodes %j to %j", (text, value) => {
    expect(decodeSegment(text)).toBe(value);
  });
});

describe("unescapeMany", () => {
  it.each([
    ["", ""],
    ["a/b", "a/b"],
    ["a%2Fb/c%2fd%20e", "a%2Fb/c%2fd e"],
    ["%2F%2F", "%2F%2F"],
    ["%E4%B8%96/%25", "世/%"],
    ["%252F", "%2F"],
  ])("decodes %j to %j: an encoded slash stays encoded", (text, value) => {
    expect(decodeSegments(text)).toBe(value);
  });
});

describe("escapeOne", () => {
  it("keeps unreserved characters only", () => {
    expect(encodeSegment(UNRESERVED)).toBe(UNRESERVED);
    for (let code = 0; code < 0x80; code++) {
      const character = String.fromCharCode(code);
      if (/[A-Za-z0-9\-._~]/.test(character)) continue;
      expect(encodeSegment(character)).toBe(`%${code.toString(16).toUpperCase().padStart(2, "0")}`);
    }
  });

  it("encodes other characters as UTF-8, and half a character as U+FFFD", () => {
    expect(encodeSegment("a/世")).toBe("a%2F%E4%B8%96");
    expect(encodeSegment("\ud800x")).toBe("%EF%BF%BDx");
  });
});

describe("escapeMany", () => {
  it.each([
    ["a/b/c", "a/b/c"],
    ["a b/(c)", "a%20b/%28c%29"],
    ["a%2Fb%2fc", "a%2Fb%2Fc"],
    ["50%", "50%25"],
  ])("encodes %j to %j", (value, text) => {
    expect(encodeSegments(value)).toBe(text);
  });
});

describe("literalForm", () => {
  it("keeps unreserved characters, and decodes them where they are encoded", () => {
    expect(literalForm(UNRESERVED)).toBe(UNRESERVED);
    const encoded = [...UNRESERVED].map((character) => `%${character.charCodeAt(0).toString(16)}`).join("");
    expect(literalForm(encoded)).toBe(UNRESERVED);
    expect(literalForm("%4A%4a%7e")).toBe("JJ~");
  });

  it.each([...RESERVED_IN_LITERALS])("encodes %j in the upper case, wherever it stands", (character) => {
    const encoded = `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
    expect(literalForm(character)).toBe(encoded);
    expect(literalForm(`a${character}b${character}`)).toBe(`a${encoded}b${encoded}`);
    expect(literalForm(encoded.toLowerCase())).toBe(encoded);
  });

  it("brings the hex of what stays encoded to upper case, and nothing else", () => {
    expect(literalForm("%2fab%e4%b8%96")).toBe("%2Fab%E4%B8%96");
    expect(literalForm("%7b%40%5b%60")).toBe("%7B%40%5B%60"); // next to the letters
    expect(literalForm("%2c%3a")).toBe("%2C%3A"); // next to the digits and the dot
  });
});
