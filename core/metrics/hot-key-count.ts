// A key of a limit with its counts, by a hash: the key itself stays in its isolate.
export interface HotKeyCount {
  readonly rule: string;
  readonly hash: string; // 16 hexadecimal digits
  readonly allowed: number;
  readonly refused: number;
}
