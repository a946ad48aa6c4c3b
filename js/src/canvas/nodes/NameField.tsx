/** The text field for a node's name: Enter and leaving the field save it, Escape restores the old name. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useSession } from "../hooks.ts";

export function NameField({ id, name }: { id: string; name: string }): ReactNode {
  const session = useSession();
  const field = useRef<HTMLInputElement>(null);
  // The name when editing started: one that arrives meanwhile is overwritten by the edit (rule S6).
  const first = useRef(name);

  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);

  const end = (label: string | null) => {
    const node = field.current?.closest<HTMLElement>(".react-flow__node");
    session.endRename(id, label === first.current ? null : label);
    node?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") end(event.currentTarget.value);
    else if (event.key === "Escape") end(null);
    else if (event.key === "s" && (event.ctrlKey || event.metaKey)) {
      // The notebook saves on this key, unless it finds this attribute.
      event.currentTarget.removeAttribute("data-lm-suppress-shortcuts");
      end(event.currentTarget.value);
    }
  };

  return (
    <input
      ref={field}
      className="kc-name nodrag nopan nokey"
      defaultValue={name}
      maxLength={200}
      aria-label="Name"
      spellCheck={false}
      data-lm-suppress-shortcuts="true"
      onKeyDown={onKeyDown}
      onBlur={(event) => session.endRename(id, sameName(event.currentTarget.value, first.current))}
    />
  );
}

function sameName(value: string, first: string): string | null {
  return value === first ? null : value;
}
