// The languages in which a request can be copied.
import type { Sendable } from "../request.ts";
import { curlSample } from "./curl.ts";
import { goSample } from "./go.ts";
import { pythonSample } from "./python.ts";
import { typescriptSample } from "./typescript.ts";

export const SAMPLES: readonly { readonly label: string; readonly write: (request: Sendable) => string }[] = [
  { label: "curl", write: curlSample },
  { label: "TypeScript", write: typescriptSample },
  { label: "Go", write: goSample },
  { label: "Python", write: pythonSample },
];
