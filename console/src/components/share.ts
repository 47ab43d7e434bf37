// A part of a whole.

export interface Share {
  readonly name: string;
  readonly value: number;
  readonly color: 1 | 2 | 3 | 4 | 5 | 6 | "none";
}
