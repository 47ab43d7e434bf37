// What a stream of messages ends with where it breaks off, so that no reader takes a part of it for the whole.

/** The first byte of a message of two. A head alone would not do: connect-es 2.2.0 takes a stream that ends after a head for a whole one. */
export const UNFINISHED_MESSAGE = new Uint8Array([0, 0, 0, 0, 2, 0]);

/** Time for the runtime to write it before the fetch is aborted, ms. */
export const UNFINISHED_FLUSH_MS = 5;
