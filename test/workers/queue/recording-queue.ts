// A queue that records what is sent to it, and fails where a test wants it to: failures of the platform's queue cannot be produced here.

export interface SentMessage {
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly delaySeconds?: number;
}

export interface RecordingQueue {
  readonly queue: Queue;
  readonly sends: SentMessage[][]; // accepted, by call
  readonly failing: { next: Error | undefined; always: Error | undefined };
}

export function recordingQueue(): RecordingQueue {
  const sends: SentMessage[][] = [];
  const failing: RecordingQueue["failing"] = { next: undefined, always: undefined };
  const accept = (messages: readonly SentMessage[]): void => {
    const error = failing.next ?? failing.always;
    failing.next = undefined;
    if (error !== undefined) throw error;
    sends.push([...messages]);
  };
  const queue = {
    send: async (body: Uint8Array, options: object) => accept([{ body, ...options }]),
    sendBatch: async (messages: Iterable<SentMessage>) => accept([...messages]),
  };
  return { queue: queue as unknown as Queue, sends, failing };
}
