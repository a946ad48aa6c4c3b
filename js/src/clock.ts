/** Time as it is handed in, so that tests own it. Units: milliseconds. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Calls once, later; what it returns takes the call back. */
  later(milliseconds: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  later: (milliseconds, call) => {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};
