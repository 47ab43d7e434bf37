// Property tests use the same values for every mutant, for at most half a second each, unless a test needs all of them: a mutant that survives one run survives the next one.
import fc from "fast-check";

fc.configureGlobal({ seed: 1, interruptAfterTimeLimit: 500 });
