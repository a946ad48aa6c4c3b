/** The size of an element in px; zeros while it is hidden. */
import { type RefObject, useEffect, useState } from "react";

export interface Size {
  readonly width: number;
  readonly height: number;
}

const HIDDEN: Size = { width: 0, height: 0 };

export function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState(HIDDEN);
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = target;
      setSize((old) => (old.width === width && old.height === height ? old : { width, height }));
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return size;
}
