/** A value with listeners: get, set, subscribe. Setting the same value calls no listener. */
export type Unsubscribe = () => void;

export interface Readable<T> {
  get(): T;
  subscribe(listener: () => void): Unsubscribe;
}

export class Store<T> implements Readable<T> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  set(value: T): void {
    if (Object.is(this.value, value)) return;
    this.value = value;
    // A copy: a listener may end its own subscription.
    for (const listener of [...this.listeners]) listener();
  }

  update(change: Partial<T>): void {
    const entries = Object.entries(change) as [keyof T, T[keyof T]][];
    if (entries.some(([key, value]) => !Object.is(this.value[key], value)))
      this.set({ ...this.value, ...change });
  }

  readonly subscribe = (listener: () => void): Unsubscribe => {
    // Wrapped, so that a function can be subscribed twice.
    const entry = () => listener();
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  };

  /** The number of listeners; for tests. */
  get size(): number {
    return this.listeners.size;
  }
}
