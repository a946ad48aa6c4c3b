/** Calls `then` once an element is in the page; ipywidgets draws a child before its box is there. */
export function whenConnected(el: Element, then: () => void): () => void {
  let frame = 0;
  const check = () => {
    if (el.isConnected) then();
    else frame = requestAnimationFrame(check);
  };
  check();
  return () => cancelAnimationFrame(frame);
}
