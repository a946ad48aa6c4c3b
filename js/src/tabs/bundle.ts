/**
 * Messages between the tabs of one browser: the theme changed, a user signed in or out.
 *
 * A widget without a view, one per kernel. Only a message's type and the theme are sent (never a token or a user). A
 * message of another tab is passed to this tab's kernel and not sent to the tabs again. A kernel whose notebook is
 * open in two tabs would receive its own messages, so a message that it has just sent is ignored.
 */
import type { AnyModel } from "@anywidget/types";

export const CHANNELS = ["kaizen-auth", "kaizen-ui"] as const;
type Name = (typeof CHANNELS)[number];

const THEMES = new Set(["light", "dark", "system"]);
const TYPES: Record<Name, ReadonlySet<string>> = {
  "kaizen-auth": new Set(["LOGIN", "LOGOUT"]),
  "kaizen-ui": new Set(["THEME"]),
};
/** Milliseconds during which a message from the kernel's other tabs counts as an echo. */
const ECHO = 1_000;

export interface TabMessage {
  readonly type: string;
  readonly theme?: string;
}

/** Return the known fields of a message, so that nothing else is sent; null for an unknown message. */
export function checked(name: Name, content: unknown): TabMessage | null {
  const { type, theme } = (content ?? {}) as Record<string, unknown>;
  if (typeof type !== "string" || !TYPES[name].has(type)) return null;
  if (type !== "THEME") return { type };
  return typeof theme === "string" && THEMES.has(theme) ? { type, theme } : null;
}

/** Connect a kernel to the channels; returns a function that disconnects it. */
export function join(
  model: AnyModel,
  open: (name: Name) => BroadcastChannel,
  now: () => number = () => performance.now(),
): () => void {
  const channels = new Map(CHANNELS.map((name) => [name, open(name)] as const));
  let sent: { key: string; at: number }[] = [];
  const keyOf = (name: Name, { type, theme = "" }: TabMessage) => `${name} ${type} ${theme}`;

  for (const [name, channel] of channels) {
    channel.onmessage = ({ data }) => {
      const message = checked(name, data);
      if (!message) return;
      sent = sent.filter(({ at }) => now() - at < ECHO);
      if (sent.some(({ key }) => key === keyOf(name, message))) return;
      try {
        model.send({ kind: "received", channel: name, message });
      } catch {
        // The kernel has ended; a new one reads the shared file itself.
      }
    };
  }
  const onMessage = (content: unknown) => {
    const { kind, channel: name, message } = (content ?? {}) as Record<string, unknown>;
    const channel = channels.get(name as Name);
    const clean = channel && checked(name as Name, message);
    if (kind !== "send" || !clean) return;
    sent.push({ key: keyOf(name as Name, clean), at: now() });
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
