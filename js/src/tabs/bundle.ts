/**
 * What one tab tells the others of this browser: that the theme changed, that somebody signed in or out.
 *
 * A widget without a view, one a kernel. Only a message's type and the theme cross (never a token, never a
 * user), and what came from another tab is told to this tab's kernel, never to the tabs again. Kernels that
 * show the same notebook in two tabs would hear themselves: what the kernel just had told is not heard.
 */
import type { AnyModel } from "@anywidget/types";

export const CHANNELS = ["kaizen-auth", "kaizen-ui"] as const;
type Name = (typeof CHANNELS)[number];

const THEMES = new Set(["light", "dark", "system"]);
const TYPES: Record<Name, ReadonlySet<string>> = {
  "kaizen-auth": new Set(["LOGIN", "LOGOUT"]),
  "kaizen-ui": new Set(["THEME"]),
};
/** For how many ms an echo from the kernel's other tabs is expected. */
const ECHO = 1_000;

export interface Told {
  readonly type: string;
  readonly theme?: string;
}

/** Takes a message apart, so that nothing crosses that is not named here; null for any other. */
export function checked(name: Name, content: unknown): Told | null {
  const { type, theme } = (content ?? {}) as Record<string, unknown>;
  if (typeof type !== "string" || !TYPES[name].has(type)) return null;
  if (type !== "THEME") return { type };
  return typeof theme === "string" && THEMES.has(theme) ? { type, theme } : null;
}

/** Joins a kernel to the channels; returns what ends it. */
export function join(
  model: AnyModel,
  open: (name: Name) => BroadcastChannel,
  now: () => number = () => performance.now(),
): () => void {
  const channels = new Map(CHANNELS.map((name) => [name, open(name)] as const));
  let told: { key: string; at: number }[] = [];
  const key = (name: Name, message: Told) => `${name} ${message.type} ${message.theme ?? ""}`;

  for (const [name, channel] of channels) {
    channel.onmessage = ({ data }) => {
      const message = checked(name, data);
      if (!message) return;
      told = told.filter(({ at }) => now() - at < ECHO);
      if (told.some((one) => one.key === key(name, message))) return;
      try {
        model.send({ kind: "heard", channel: name, message });
      } catch {
        // The kernel is gone; it will look for itself when it comes back.
      }
    };
  }
  const onMessage = (content: unknown) => {
    const { kind, channel: name, message } = (content ?? {}) as Record<string, unknown>;
    const channel = channels.get(name as Name);
    const clean = channel && checked(name as Name, message);
    if (kind !== "tell" || !clean) return;
    told.push({ key: key(name as Name, clean), at: now() });
    channel.postMessage(clean);
  };
  model.on("msg:custom", onMessage);
  return () => {
    model.off("msg:custom", onMessage);
    for (const channel of channels.values()) channel.close();
  };
}

export default {
  initialize: ({ model }: { model: AnyModel }) =>
    typeof BroadcastChannel === "undefined"
      ? undefined
      : join(model, (name) => new BroadcastChannel(name)),
};
