/** The kinds of nodes that can be inserted into an edge: Escape and leaving it close it, the arrow keys move in it. */
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import { useReplica, useSession, useStore } from "./hooks.ts";
import { Icon } from "./icons.tsx";
import { tileClass, tileStyle } from "./nodes/node_hue.ts";

/** The least distance to the edges of the board in px. */
const MARGIN = 8;

export function InsertMenu(): ReactNode {
  const inserting = useStore(useSession().view, (view) => view.inserting);
  return inserting && <Kinds key={inserting.edge} {...inserting} />;
}

function Kinds({ edge, x, y }: { edge: string; x: number; y: number }): ReactNode {
  const session = useSession();
  const kinds = useReplica((state) => state.kinds);
  const exists = useReplica(({ shown }) => shown.edges.has(edge));
  const fitting = kinds.filter((kind) => session.insertionPorts(edge, kind) !== null);
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = menu.current;
    const board = element?.parentElement;
    if (!element || !board) return;
    // Within the board, whatever the place of the edge.
    const most = (free: number, size: number) => Math.max(free - size - MARGIN, MARGIN);
    element.style.left = `${Math.min(x, most(board.clientWidth, element.offsetWidth))}px`;
    element.style.top = `${Math.min(y + 4, most(board.clientHeight, element.offsetHeight))}px`;
  });
  useEffect(() => {
    items(menu.current)[0]?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    if (!exists) session.endInserting();
  }, [exists, session]);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key !== "Escape" && step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (step === undefined) {
      const host = event.currentTarget.closest<HTMLElement>(".kaizen-canvas");
      session.endInserting();
      host?.focus({ preventScroll: true });
      return;
    }
    const all = items(menu.current);
    const place = all.indexOf(document.activeElement as HTMLElement);
    all.at((place + step) % all.length)?.focus();
  };
  return (
    <div
      ref={menu}
      className="kc-menu"
      role="menu"
      tabIndex={-1}
      aria-label="Insert a node"
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        const { currentTarget, relatedTarget } = event;
        if (!(relatedTarget instanceof Node && currentTarget.contains(relatedTarget)))
          session.endInserting();
      }}
    >
      {fitting.map((kind) => (
        <button
          key={kind.type}
          type="button"
          role="menuitem"
          className="kc-menu-item"
          title={kind.description}
          onClick={(event) => {
            const host = event.currentTarget.closest<HTMLElement>(".kaizen-canvas");
            session.insert(edge, kind);
            host?.focus({ preventScroll: true });
          }}
        >
          <span className={tileClass(kind)} style={tileStyle(kind)}>
            <Icon name={kind.icon} size={14} />
          </span>
          <span>{kind.title}</span>
        </button>
      ))}
      {fitting.length === 0 && <p>No kind of node fits between these two ports.</p>}
    </div>
  );
}

function items(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>(".kc-menu-item") ?? [])];
}
