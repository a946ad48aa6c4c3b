/** Does what the kernel asks of a view (S18): what its own buttons do. */
import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { useSession } from "./hooks.ts";
import type { ViewCommand } from "./protocol.gen.ts";
import { useFit } from "./useFit.ts";

/** Milliseconds of a change of the viewport. */
const SLIDE = 180;

export function useArrange(): () => void {
  const session = useSession();
  const { showAll } = useFit();
  return () => {
    // In the next frame React Flow has the new positions.
    if (session.arrange()) requestAnimationFrame(() => showAll(SLIDE));
  };
}

export function useViewCommands(): void {
  const session = useSession();
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  const { showAll } = useFit();
  const arrange = useArrange();
  useEffect(() => {
    const act = ({ name, zoom }: ViewCommand) => {
      switch (name) {
        case "fit":
          return showAll(SLIDE);
        case "zoom_in":
          return void zoomIn({ duration: SLIDE });
        case "zoom_out":
          return void zoomOut({ duration: SLIDE });
        case "zoom_to":
          return void (zoom !== null && zoomTo(zoom, { duration: SLIDE }));
        case "arrange":
          return arrange();
      }
    };
    return session.onViewCommand(act);
  });
}
