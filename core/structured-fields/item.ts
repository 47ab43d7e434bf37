// Values of structured fields, as RFC 9651 names them.

export type BareItem =
  | { readonly kind: "integer"; readonly value: number } // [-999999999999999, 999999999999999]
  | { readonly kind: "decimal"; readonly value: number } // at most 12 digits before the point, and 3 after it
  | { readonly kind: "string"; readonly value: string } // printable ASCII
  | { readonly kind: "token"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "date"; readonly value: number } // seconds since the epoch
  | { readonly kind: "display"; readonly value: string }; // Unicode

export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly item: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type FieldMember = Item | InnerList;
export type Dictionary = ReadonlyMap<string, FieldMember>;

export function isInnerList(member: FieldMember): member is InnerList {
  return "items" in member;
}
