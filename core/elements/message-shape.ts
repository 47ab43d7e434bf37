// The part of a message type that a scan of its bytes needs: how each field is written, and which fields hold messages.

/** How a value is written in the binary encoding. @see https://protobuf.dev/programming-guides/encoding */
export type FieldEncoding = "varint" | "fixed32" | "fixed64" | "bytes" | "message" | "group" | "map_entry";

export interface FieldShape {
  readonly encoding: FieldEncoding;
  readonly isPackable: boolean; // a repeated number: a length-delimited record holds any number of values
  readonly message: MessageShape | undefined; // undefined for a scalar
}

/** A graph rather than a tree: a type may contain itself. */
export interface MessageShape {
  readonly fields: readonly (FieldShape | undefined)[]; // the index is the field number, for numbers below `DENSE_FIELDS`
  readonly others: ReadonlyMap<number, FieldShape>; // the other numbers
}

/** Field numbers below this one are found by index. */
export const DENSE_FIELDS = 64;
