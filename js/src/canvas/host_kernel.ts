/**
 * The state of the kernel and of the connection to it, as the notebook knows them (rule S11).
 *
 * JupyterLab and Notebook give access to their kernel connection through the widget manager. That is not a promised
 * API, so if a part is missing, nothing is known; then `link.ts` estimates the state from response times.
 */
import type { Readable, Unsubscribe } from "../store.ts";
import { Store } from "../store.ts";

/** State of the connection. `null`: unknown. `dead` is final: a restarted kernel does not know this widget. */
export type Line = "up" | "busy" | "down" | "dead" | null;

interface Signal {
  connect(slot: () => void): unknown;
  disconnect(slot: () => void): unknown;
}

interface Connection {
  readonly status?: string;
  readonly connectionStatus?: string;
  readonly statusChanged?: Signal;
  readonly connectionStatusChanged?: Signal;
  readonly disposed?: Signal;
  readonly isDisposed?: boolean;
}

const ENDED = new Set(["dead", "terminating", "restarting", "autorestarting"]);

export interface HostKernel extends Readable<Line> {
  close(): void;
}

/** Follows the kernel connection of a widget's model. */
export function hostKernel(model: unknown): HostKernel {
  const line = new Store<Line>(null);
  const ends: Unsubscribe[] = [];
  const kernel = connectionOf(model);
  if (kernel) {
    const look = () => {
      if (line.get() !== "dead") line.set(lineOf(kernel));
    };
    for (const signal of [kernel.statusChanged, kernel.connectionStatusChanged, kernel.disposed]) {
      if (!signal) continue;
      signal.connect(look);
      ends.push(() => signal.disconnect(look));
    }
    look();
  }
  return {
    get: line.get,
    subscribe: line.subscribe,
    close: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}

function lineOf({ status, connectionStatus, isDisposed }: Connection): Line {
  if (isDisposed || ENDED.has(status ?? "")) return "dead";
  if (connectionStatus === "disconnected" || connectionStatus === "connecting") return "down";
  return status === "busy" ? "busy" : "up";
}

function connectionOf(model: unknown): Connection | null {
  const manager = (model as { widget_manager?: { kernel?: unknown } } | null)?.widget_manager;
  try {
    const kernel = manager?.kernel as Connection | null | undefined;
    return kernel && typeof kernel.status === "string" && kernel.statusChanged ? kernel : null;
  } catch {
    return null; // a host whose getter throws without a kernel
  }
}
