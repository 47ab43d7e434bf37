// Splits a body of several JSON values, one after the other or in one array, into its values while it arrives.
import { ByteCollector } from "../../../../core/bytes.ts";
import { Rejected } from "../../../../core/rejection.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Finds only where values begin and end; a value may still be invalid JSON.
 *
 * @param maxBytes largest value, bytes
 * @throws Rejected if a value is too large, or if the body ends within a value or array
 */
export async function* jsonValuesOf(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  const splitter = new Splitter(maxBytes);
  for await (const chunk of body) yield* splitter.split(chunk);
  yield* splitter.end();
}

class Splitter {
  readonly #maxBytes: number;
  #form: "unknown" | "values" | "array" | "closed" = "unknown";
  #depth = 0; // open arrays and objects within the value
  #isInString = false;
  #isEscaped = false;
  #hasBegun = false; // a value has begun
  #isExpected = false; // a value must follow, after a comma
  readonly #collected = new ByteCollector(); // what has come of the value

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *split(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0; // where the value begins in this chunk
    for (let at = 0; at < chunk.byteLength; at++) {
      const hadBegun = this.#hasBegun;
      const end = this.#read(chunk[at]!);
      if (!hadBegun && this.#hasBegun) start = at;
      if (end === undefined) continue;
      yield this.#value(chunk.subarray(start, end === "after" ? at + 1 : at));
    }
    if (this.#hasBegun) this.#store(chunk.subarray(start));
  }

  *end(): Generator<Uint8Array> {
    if (this.#form === "array" || this.#isInString || this.#depth > 0) throw refusal("ends within a value");
    if (this.#hasBegun) yield this.#value(new Uint8Array());
  }

  /** @returns whether the value ends before or after this byte; undefined if it does not end here */
  #read(byte: number): "before" | "after" | undefined {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
      return !this.#isInString && this.#depth === 0 && this.#form === "values" ? "after" : undefined;
    }
    const isSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
    if (isSpace) return this.#hasBegun && this.#depth === 0 && this.#form === "values" ? "before" : undefined;
    if (this.#form === "closed") throw refusal("has text after its array");
    if (this.#form === "unknown") {
      this.#form = byte === OPEN_ARRAY ? "array" : "values";
      if (byte === OPEN_ARRAY) return undefined;
    }
    if (this.#form === "array" && this.#depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY)) return this.#delimit(byte);
    this.#hasBegun = true;
    this.#isExpected = false;
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.#depth += 1;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      this.#depth -= 1;
      if (this.#depth < 0) throw refusal("has a closing bracket without an opening one");
      if (this.#depth === 0 && this.#form === "values") return "after";
    }
    return undefined;
  }

  #delimit(byte: number): "before" | undefined {
    if (!this.#hasBegun && (byte === COMMA || this.#isExpected)) throw refusal("has an array with a missing value");
    this.#isExpected = byte === COMMA;
    if (byte === CLOSE_ARRAY) this.#form = "closed";
    return this.#hasBegun ? "before" : undefined;
  }

  #store(part: Uint8Array): void {
    if (this.#collected.size + part.byteLength > this.#maxBytes) throw new Rejected({ kind: "body_too_large", maxBytes: this.#maxBytes });
    this.#collected.add(part);
  }

  #value(last: Uint8Array): Uint8Array {
    this.#store(last);
    this.#hasBegun = false;
    return this.#collected.take();
  }
}

function refusal(problem: string): Rejected {
  return new Rejected({ kind: "invalid_request", message: `body ${problem}` });
}
