/** Whether a node's ports fit the edge that the user is drawing. */
import { useSession, useStore } from "../hooks.ts";

export type PortFit = "yes" | "no" | undefined;

/** Returns, for the handles on one side of a node, whether they fit; undefined while no edge is drawn. */
export function usePortFit(
  node: string,
  side: "source" | "target",
): (handle: string | null) => PortFit {
  const session = useSession();
  const drawing = useStore(session.view, (view) => view.drawing);
  return (handle) => {
    if (drawing === null) return undefined;
    if (drawing.node === node && drawing.side === side && drawing.handle === handle)
      return undefined;
    if (drawing.side === side) return "no";
    const here = { node, handle };
    const [from, to] = side === "target" ? [drawing, here] : [here, drawing];
    const wish = {
      source: from.node,
      target: to.node,
      sourceHandle: from.handle,
      targetHandle: to.handle,
    };
    return session.connectionProblem(wish) === null ? "yes" : "no";
  };
}
