/** Hooks to read a session: a component is drawn again only when what it reads has changed. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Readable } from "../store.ts";
import type { ReplicaState } from "./replica_state.ts";
import type { Session } from "./session.ts";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("This component is not inside a canvas.");
  return session;
}

/** Reads a part of a store; `pick` must return the same value for the same state. */
export function useStore<T, U>(store: Readable<T>, pick: (state: T) => U): U {
  return useSyncExternalStore(store.subscribe, () => pick(store.get()));
}

export function useReplica<U>(pick: (state: ReplicaState) => U): U {
  return useStore(useSession().replica.store, pick);
}

/** Whether the user cannot edit: Python says so, or the kernel is gone. */
export function useReadOnly(): boolean {
  const isGone = useReplica(({ link }) => link === "gone");
  return useStore(useSession().traits, (traits) => traits.readOnly) || isGone;
}
