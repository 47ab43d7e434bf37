// What a color says: good, bad, to be watched, of no weight, or chosen.

export type Tone = "good" | "bad" | "warn" | "quiet" | "accent";
