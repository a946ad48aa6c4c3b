/** How components read a session: each takes only what it shows, and is drawn again only for that. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Readable } from "../store.ts";
import type { ReplicaState } from "./replica_state.ts";
import type { Session } from "./session.ts";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("This component stands outside a canvas.");
  return session;
}

/** Reads a part of a store; `pick` must give the same value for the same state. */
export function useStore<T, U>(store: Readable<T>, pick: (state: T) => U): U {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}

export function useReplica<U>(pick: (state: ReplicaState) => U): U {
  return useStore(useSession().replica.store, pick);
}

export function useReadOnly(): boolean {
  return useStore(useSession().traits, (traits) => traits.readOnly);
}
