// What became of a call at the service of the tests.
export interface CallRecord {
  received: number; // messages
  receivedBytes: number; // characters of text in them
  sent: number;
  sentBytes: number;
  requestEnd: string; // "" while it goes on, "end", or the code of the error that its reader got
  end: string; // "" while the generator runs, "returned", "finally", or the code of its error
  aborted: string; // code of the reason of the signal; "" while it is not aborted
}
