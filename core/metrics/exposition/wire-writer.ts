// Writes the wire format of Protocol Buffers: the few types that metrics need.

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIRST_SIZE = 256; // bytes

/** Bytes that grow. Fields are written in the order of the calls. @see https://protobuf.dev/programming-guides/encoding/ */
export class WireWriter {
  #bytes = new Uint8Array(FIRST_SIZE);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The bytes so far; valid until the next write. */
  read(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  uint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.varint(value);
  }

  /** @param value a whole number, of at most 2^52 either way */
  sint(field: number, value: number): void {
    this.uint(field, zigzag(value));
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  string(field: number, value: string): void {
    this.bytes(field, Uint8Array.from(utf8(value.toWellFormed())));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, BYTES);
    this.varint(value.length);
    this.append(value);
  }

  /** A packed field of signed numbers. */
  sints(field: number, values: readonly number[]): void {
    const packed = new WireWriter();
    for (const value of values) packed.varint(zigzag(value));
    this.bytes(field, packed.read());
  }

  message(field: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.bytes(field, inner.read());
  }

  /** A number without a field, as before a delimited message. */
  varint(value: number): void {
    this.#reserve(8);
    let left = value;
    while (left >= 0x80) {
      this.#bytes[this.#length++] = (left % 0x80) + 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#length++] = left;
  }

  append(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  #tag(field: number, type: number): void {
    this.varint(field * 8 + type);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

/** @param text without lone surrogates @see RFC 3629, section 3 */
function* utf8(text: string): Generator<number> {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) yield code;
    else {
      if (code < 0x800) yield 0xc0 | (code >> 6);
      else {
        if (code < 0x10000) yield 0xe0 | (code >> 12);
        else {
          yield 0xf0 | (code >> 18);
          yield 0x80 | ((code >> 12) & 0x3f);
        }
        yield 0x80 | ((code >> 6) & 0x3f);
      }
      yield 0x80 | (code & 0x3f);
    }
  }
}
